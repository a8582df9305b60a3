import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer, Run, Session } from '../../../src/session/session.ts'

interface Wish {
  readonly enter: readonly string[]
  readonly shared: string
  /** What SSH_CONNECTION says; '' as if sshd had not said it. */
  readonly from?: string
  /** What the process that holds the session is called. */
  readonly program?: string
}

/** Stays until its standard input ends, as sshd's process of a session stays until the connection closes. */
const SSHD = `printf %s "$1" >/proc/self/comm
while IFS= read -r job; do
  "/mnt/$job/run" <"/mnt/$job/stdin" >"/mnt/$job/stdout" 2>"/mnt/$job/stderr"
  printf '%s\\n' "$?"
done`

let count = 0

/** A session to a mini-host: what runs over it hangs from a process called sshd, which ends when it is closed. */
export async function openSession({ enter, shared, from, program = 'sshd' }: Wish): Promise<Session> {
  const connectStart = performance.now()
  const [command = '', ...args] = enter
  const sshd = spawn(command, [...args, '/bin/dash', '-c', SSHD, 'sshd', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => sshd.once('close', () => resolve()))
  sshd.stdin.on('error', () => {})
  let heard = ''
  let hear: (() => void) | undefined
  sshd.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text
    hear?.()
  })
  void ended.then(() => hear?.())
  const code = async (): Promise<number | null> => {
    while (!heard.includes('\n')) {
      if (sshd.exitCode !== null) return null
      await new Promise<void>(resolve => {
        hear = resolve
      })
    }
    const [line = '', ...rest] = heard.split('\n')
    heard = rest.join('\n')
    return Number(line)
  }
  return {
    connectStart,
    async run(run): Promise<Answer> {
      count += 1
      const job = `job-${count}`
      const folder = join(shared, job)
      writeJob(folder, run, from ?? '198.51.100.7 50000 192.0.2.1 22')
      const read = (name: string) => readFileSync(join(folder, name), 'utf8')
      sshd.stdin.write(`${job}\n`)
      const isOver = { now: false }
      const talked =
        run.answer && talk(join(folder, 'stdin'), run, () => (isOver.now ? undefined : read('stdout')))
      const answer = await code()
      isOver.now = true
      await talked
      const result = { code: answer, stdout: read('stdout'), stderr: read('stderr') }
      rmSync(folder, { recursive: true, force: true })
      return result
    },
    async close() {
      sshd.stdin.end()
      await ended
    },
  }
}

/** Standard input that stays open until the script has said what is waited for, or is over (`said` gives undefined). */
async function talk(
  path: string,
  { stdin = '', answer }: Run,
  said: () => string | undefined,
): Promise<void> {
  const pipe = await open(path, 'w')
  let heard = 0
  try {
    await pipe.writeFile(stdin)
    for (let text = said(); text !== undefined; text = said()) {
      const lines = text.split('\n').slice(0, -1)
      for (const line of lines.slice(heard)) {
        answer?.heard?.(line)
        if (line !== answer?.to) continue
        await pipe.write(answer.with)
        return
      }
      heard = lines.length
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  } catch {
    // The script ended before it had read all of it.
  } finally {
    await pipe.close()
  }
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

function writeJob(folder: string, { script, args = [], stdin = '', answer }: Run, connection: string): void {
  mkdirSync(folder)
  const words = ['/bin/sh', '-c', script, 'sh', connection, ...args].map(quote)
  writeFileSync(join(folder, 'run'), `#!/bin/dash\nexec ${words.join(' ')}\n`, { mode: 0o755 })
  if (answer) execFileSync('mkfifo', [join(folder, 'stdin')])
  else writeFileSync(join(folder, 'stdin'), stdin)
  writeFileSync(join(folder, 'stdout'), '')
  writeFileSync(join(folder, 'stderr'), '')
}
