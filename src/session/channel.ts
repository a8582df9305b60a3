import type { Client, ClientChannel } from 'ssh2'
import { FleetError } from '../model/error.ts'
import type { HostState } from '../model/host-state.ts'
import { type LateAnswer, patience } from './session.ts'

/** One command line for the user's login shell, as it goes over the wire. */
export interface Exec {
  readonly command: string
  readonly stdin: string | Uint8Array
  readonly timeout: number
  readonly maxOutput: number
  /**
   * What to do when stderr grows, given its latest 64 KiB: sudo's question is answered here. Without it stdin is
   * written at once and ended.
   */
  readonly converse?: (latest: string, channel: ClientChannel) => void
  readonly answer?: LateAnswer | undefined
}

/** Writes a script's input: it ends with that, unless something is still to be said. */
export const handInput = (channel: ClientChannel, stdin: string | Uint8Array, answer?: LateAnswer) =>
  answer ? channel.write(stdin) : channel.end(stdin)

export interface Raw {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const STDERR_KEPT = 64 * 1024

/**
 * Runs one command in a channel of its own. `code` is null unless the process itself exited.
 * Errors: `exec-timeout`, `output-too-large`, `channel-refused`. A connection that breaks is the caller's to see:
 * ssh2 then closes the channel without a code.
 */
export function execute(client: Client, exec: Exec): Promise<Raw> {
  return new Promise((resolve, reject) => {
    let channel: ClientChannel | undefined
    let settled = false
    const settle = () => {
      clearTimeout(timer)
      settled = true
    }
    const fail = (code: string, args: Record<string, string | number>, hostState: HostState = 'unknown') => {
      settle()
      channel?.close()
      reject(new FleetError(code, args, { hostState }))
    }
    const timeout = patience(exec.timeout, Buffer.byteLength(exec.stdin))
    const timer = setTimeout(() => fail('exec-timeout', { seconds: timeout / 1000 }), timeout)
    const answer = (raw: Raw) => {
      settle()
      resolve(raw)
    }
    const started = (error: Error | undefined, opened: ClientChannel) => {
      if (settled) return opened?.close()
      if (error)
        return fail('channel-refused', { reason: error.message }, isAnswer(error) ? 'failed' : 'unknown')
      channel = opened
      collect(opened, exec, answer, () => fail('output-too-large', { bytes: exec.maxOutput }))
    }
    try {
      client.exec(exec.command, started)
    } catch (error) {
      // ssh2 throws where the other side has hung up and the socket isn't closed yet: nothing was sent.
      if (!(error instanceof Error)) throw error
      fail('channel-refused', { reason: error.message }, 'failed')
    }
  })
}

/** sshd's own no to the channel: nothing ran. Of a command that it was handed only an exit code says so. */
const isAnswer = (error: Error): boolean => Reflect.get(error, 'reason') !== undefined

function collect(channel: ClientChannel, exec: Exec, answer: (raw: Raw) => void, tooLarge: () => void): void {
  const stdout: Buffer[] = []
  let room = exec.maxOutput
  let stderr = Buffer.alloc(0)
  let latest = stderr
  let code: number | null = null
  const take = (chunk: Buffer) => {
    if (room < 0) return
    room -= chunk.length
    if (room >= 0) return
    stdout.length = 0
    tooLarge()
  }
  const listen = exec.answer && listener(channel, exec.answer)
  channel.on('data', (chunk: Buffer) => {
    take(chunk)
    listen?.(chunk)
    if (room >= 0) stdout.push(chunk)
  })
  channel.stderr.on('data', (chunk: Buffer) => {
    take(chunk)
    if (stderr.length < STDERR_KEPT) stderr = Buffer.concat([stderr, chunk]).subarray(0, STDERR_KEPT)
    if (!exec.converse) return
    // What a login shell prints may be longer than all that is kept, and sudo asks after it.
    latest = Buffer.concat([latest, chunk]).subarray(-STDERR_KEPT)
    exec.converse(latest.toString(), channel)
  })
  channel.on('exit', (exitCode: number | null) => {
    code = exitCode
  })
  channel.on('close', () => answer({ code, stdout: Buffer.concat(stdout), stderr: stderr.toString() }))
  if (!exec.converse) handInput(channel, exec.stdin, exec.answer)
}

/** Reads lines as they come. Long ones are nobody's word: no more of them is kept than of a word. */
function listener(channel: ClientChannel, { to, with: word, heard }: LateAnswer): (chunk: Buffer) => void {
  let rest = ''
  return chunk => {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()?.slice(0, STDERR_KEPT) ?? ''
    for (const line of lines) {
      heard?.(line)
      if (line === to) channel.end(word)
    }
  }
}
