import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { CommandResult } from '../../../src/lab/command.ts'
import type { Lab } from '../../../src/lab/lab.ts'
import type { Event } from '../../../src/model/event.ts'
import { PROGRAM } from './program.ts'

/** What somebody types, or does. */
type Keys = string | (() => void)

export type Files = Readonly<Record<string, string>>

/** A folder as an operator keeps it (inventory, variables, templates), and fleet run in it on the lab's controller. */
export class Site {
  readonly folder: string
  readonly #lab: Lab

  constructor(lab: Lab, folder: string) {
    this.#lab = lab
    this.folder = folder
  }

  /** The folder of the journals of its runs. */
  get journals(): string {
    return join(this.folder, '.local/state/fleet/runs')
  }

  async write(files: Files): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true })
      await writeFile(join(this.folder, name), content)
    }
  }

  /** `fleet ARGS...` to its end, without a terminal. */
  fleet(...args: readonly string[]): Promise<CommandResult> {
    return this.#lab.run(this.#argv(args), { cwd: this.folder, env: this.#env })
  }

  /** `fleet ARGS... --json`, followed while it runs. */
  start(...args: readonly string[]): Running {
    const env = { ...process.env, ...this.#env }
    const argv = this.#argv([...args, '--json'])
    return new Running(this.#lab.spawn(argv, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /** What a test begins with: all hosts brought to their rules, or the whole story of why not. */
  async mustApply(): Promise<void> {
    const { code, stdout, stderr } = await this.fleet('apply', 'inventory.ini')
    if (code !== 0) throw new Error(`fleet apply ended with ${code}:\n${stdout}${stderr}`)
  }

  /** The exit code of `fleet ARGS...` whose output goes to somebody who leaves before it has said anything. */
  async unheard(...args: readonly string[]): Promise<number> {
    const script = 'exec 3>&1; { "$@" 2>&1; echo $? >&3; } | true'
    const argv = ['sh', '-c', script, 'sh', ...this.#argv(args)]
    return Number((await this.#lab.run(argv, { cwd: this.folder, env: this.#env })).stdout)
  }

  /**
   * Somebody at a terminal, who types `keys` (`\x03` is Ctrl-C), or does something else, once `question` is on the
   * screen; and then at the questions that follow.
   */
  async atTerminal(
    args: readonly string[],
    question: RegExp,
    keys: Keys,
    ...more: readonly (readonly [question: RegExp, keys: Keys])[]
  ): Promise<CommandResult> {
    const command = this.#argv(args)
      .map(word => `'${word}'`)
      .join(' ')
    const child = this.#lab.spawn(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: this.folder,
      env: { ...process.env, ...this.#env, TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: 'pipe',
    })
    let screen = ''
    let read = 0
    const open = [[question, keys] as const, ...more]
    child.stdout?.on('data', chunk => {
      screen += String(chunk)
      const [next] = open
      if (!next?.[0].test(screen.slice(read))) return
      open.shift()
      read = screen.length
      if (typeof next[1] === 'string') child.stdin?.write(next[1])
      else next[1]()
    })
    const [code, stderr] = await Promise.all([endOf(child), child.stderr ? text(child.stderr) : ''])
    return { code, stdout: screen, stderr }
  }

  #argv(args: readonly string[]): readonly string[] {
    return [process.execPath, PROGRAM, ...args]
  }

  /** Nothing of this machine's user: no ssh_config, no agent, no journal. */
  get #env() {
    return { HOME: this.folder, SSH_AUTH_SOCK: '', XDG_STATE_HOME: '', NO_COLOR: '1' }
  }
}

/** A running `fleet --json`. */
export class Running {
  readonly child: ChildProcess
  readonly events: Event[] = []
  readonly #ended: Promise<CommandResult>
  #stderr = ''
  #wake: () => void = () => undefined

  constructor(child: ChildProcess) {
    this.child = child
    const lines: string[] = []
    if (!child.stdout || !child.stderr) throw new Error('fleet was started without pipes')
    createInterface({ input: child.stdout }).on('line', line => {
      lines.push(line)
      // What isn't JSON is for the test to find in `stdout`.
      if (line.startsWith('{')) this.events.push(JSON.parse(line))
      this.#wake()
    })
    child.stderr.on('data', chunk => {
      this.#stderr += String(chunk)
      this.#wake()
    })
    this.#ended = endOf(child).then(code => {
      this.#wake()
      return { code, stdout: lines.map(line => `${line}\n`).join(''), stderr: this.#stderr }
    })
  }

  /** Waits for an event. Throws, with all that was said, if fleet ends without it. */
  until(isIt: (event: Event) => boolean): Promise<void> {
    return this.#until(() => this.events.some(isIt))
  }

  /** Waits for words on standard error. */
  says(words: RegExp): Promise<void> {
    return this.#until(() => words.test(this.#stderr))
  }

  async #until(isSo: () => boolean): Promise<void> {
    let ended: CommandResult | undefined
    while (!isSo()) {
      if (ended) throw new Error(`fleet ended (${ended.code}) before that:\n${ended.stdout}${ended.stderr}`)
      const woken = new Promise<undefined>(resolve => {
        this.#wake = () => resolve(undefined)
      })
      ended = await Promise.race([woken, this.#ended])
    }
  }

  end(): Promise<CommandResult> {
    return this.#ended
  }

  /** How it ended: the exit code, and of each host its state and the code of what is said of it. */
  async verdict(): Promise<{ code: number; hosts: Record<string, string> }> {
    const { code } = await this.#ended
    const settled = this.events.flatMap(event => (event.type === 'host-settled' ? [event] : []))
    const words = settled.map(({ host, state, finding }) => [
      host,
      finding ? `${state}: ${finding.code}` : state,
    ])
    return { code, hosts: Object.fromEntries(words) }
  }

  /** As the kernel's: no handler runs, and the connections are reset. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#ended
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 128)))
  })
}

/** A folder with an inventory of `rows` (names of the lab's hosts, or whole rows); it goes when the lab does. */
export async function makeSite(lab: Lab, rows: readonly string[], files: Files = {}): Promise<Site> {
  const site = new Site(lab, await mkdtemp(join(lab.stateDir, 'site-')))
  const known = new Map(lab.rows.map(row => [row.split(' ')[0], row]))
  await site.write({ 'inventory.ini': lab.inventory(rows.map(row => reached(row, known))), ...files })
  return site
}

/** A row that doesn't say by which address: by that of the lab, not by whichever its name has. */
function reached(row: string, known: ReadonlyMap<string | undefined, string>): string {
  const [name = '', ...variables] = row.split(' ')
  const whole = known.get(name)
  return whole === undefined || row.includes('ansible_host=') ? row : [whole, ...variables].join(' ')
}

/** A step of a host in a run's events. */
export const step =
  (host: string, name: string) =>
  (event: Event): boolean =>
    event.type === 'host-step' && event.host === host && event.step === name

export const settledAs =
  (host: string, state?: string) =>
  (event: Event): boolean =>
    event.type === 'host-settled' && event.host === host && (state === undefined || event.state === state)
