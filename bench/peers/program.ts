import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Lab } from '../../src/lab/lab.ts'
import { processesIn } from '../../src/lab/processes.ts'

/** Where a program runs: the folder is its own. */
export interface Desk {
  readonly lab: Lab
  readonly folder: string
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
}

/** A program on the controller, and what it has shown so far. */
export class Program {
  screen = ''
  readonly ended: Promise<number>
  readonly #child: ChildProcess
  #wake: () => void = () => undefined

  constructor({ lab, folder }: Desk, argv: readonly string[], { env = {} }: ProgramOptions = {}) {
    // The folder is in everything's environment or command line: that is how `signal` knows it.
    const own = { HOME: folder, SSH_AUTH_SOCK: '', XDG_STATE_HOME: '', NO_COLOR: '1', TRIAL: folder }
    const all = { ...process.env, ...own, ...env }
    this.#child = lab.spawn(argv, { cwd: folder, env: all, stdio: 'pipe', detached: true })
    this.#child.stdin?.on('error', () => undefined)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', chunk => {
        this.screen += String(chunk)
        this.#wake()
      })
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 128)))
    })
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Whether it shows these words before it ends. */
  async shows(words: RegExp): Promise<boolean> {
    let over = false
    while (!words.test(this.screen) && !over) {
      const woken = new Promise<boolean>(resolve => {
        this.#wake = () => resolve(false)
      })
      over = await Promise.race([woken, this.ended.then(() => true)])
    }
    return words.test(this.screen)
  }
}

/** To everything that was started in that folder, ssh's shared connections too. */
export async function signal({ lab, folder }: Desk, name: NodeJS.Signals): Promise<void> {
  for (const pid of await processesIn([lab.controller])) {
    if (belongs(pid, folder)) send(pid, name)
  }
}

function belongs(pid: number, folder: string): boolean {
  try {
    return ['environ', 'cmdline'].some(file => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder))
  } catch {
    return false
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself between the look and the signal.
  }
}
