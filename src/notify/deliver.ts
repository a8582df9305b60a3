import { spawn } from 'node:child_process'
import type { Hook } from '../config/hooks.ts'

/** Undefined where it was taken; else why not. */
export type Delivery = Promise<string | undefined>

/** Brings a notice to a hook, until `over` at the latest. It never rejects. */
export async function deliver(hook: Hook, write: () => string, over: AbortSignal): Delivery {
  const late = `no end within ${hook.timeout / 1000} s`
  if (over.aborted) return late
  // Not AbortSignal.any of a timeout: Node 20 collects that one while it is waited for, and nothing ends then.
  const limit = new AbortController()
  const end = () => limit.abort()
  over.addEventListener('abort', end, { once: true })
  const timer = setTimeout(end, hook.timeout)
  try {
    const body = write()
    const why = await ('url' in hook
      ? post(hook.url, body, limit.signal)
      : runCommand(hook, body, limit.signal))
    return limit.signal.aborted && why !== undefined ? late : why
  } catch (error) {
    return limit.signal.aborted ? late : whyOf(error)
  } finally {
    clearTimeout(timer)
    over.removeEventListener('abort', end)
  }
}

/** A redirect isn't followed: what is told of a run goes where fleet.yml says. */
async function post(url: string, body: string, signal: AbortSignal): Delivery {
  const headers = { 'content-type': 'application/json', 'user-agent': 'fleet' }
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
  await answer.body?.cancel()
  return answer.ok ? undefined : `it answered ${answer.status}`
}

/** fetch says `fetch failed`, and why in its cause. */
function whyOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

/** What a command may know of fleet's own environment: there may be passwords and agents in it. */
const KEPT = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR)$/

const environment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name)))

/** Milliseconds that a command's last words may take: whoever it left behind may hold its output for hours. */
const LAST_WORDS = 100

type CommandHook = Extract<Hook, { command: string }>

/** A process group of its own: Ctrl-C is fleet's, and when the time is up all that it started ends. */
function runCommand({ command, directory }: CommandHook, body: string, limit: AbortSignal): Delivery {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: directory,
      env: environment(),
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    child.once('error', reject)
    // Where there are no file descriptors left it has no pipes either, whatever the types say.
    if (child.pid === undefined) return
    let said = ''
    child.stderr.on('data', chunk => {
      said = (said + String(chunk)).slice(0, 200)
    })
    const kill = () => killGroup(child.pid)
    limit.addEventListener('abort', kill, { once: true })
    child.once('exit', (code, signal) => {
      limit.removeEventListener('abort', kill)
      const end = () => {
        child.stderr.destroy()
        resolve(code === 0 ? undefined : ending(code, signal, said))
      }
      child.once('close', end)
      setTimeout(end, LAST_WORDS)
    })
    // Whoever doesn't read it needn't.
    child.stdin.on('error', () => undefined).end(body)
  })
}

function ending(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const words = said.trim().split('\n')[0] ?? ''
  return `${code === null ? signal : `exit code ${code}`}${words === '' ? '' : `: ${words}`}`
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended just now.
  }
}
