import { randomBytes } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import { execute, handInput, type Raw } from './channel.ts'
import { type RootCommand, rootCommand } from './quote.ts'
import type { Answer, Run } from './session.ts'

const MAX_OUTPUT = 16 * 1024 * 1024

/** Runs a script as root over a client that is ready. Errors: those of `execute`, and that it never started. */
export async function runAsRoot(client: Client, connection: Connection, run: Run): Promise<Answer> {
  const root = rootCommand(connection, run.script, run.args ?? [], randomBytes(16).toString('hex'))
  const { timeout, maxOutput = MAX_OUTPUT, stdin = '', answer: late } = run
  const sudo = { questions: 0 }
  const converse = root.prompt === undefined ? {} : { converse: answerSudo(connection, root, run, sudo) }
  const raw = await execute(client, {
    command: root.command,
    stdin,
    timeout,
    maxOutput,
    answer: late,
    ...converse,
  })
  const answer = afterMarker(raw, root.marker)
  if (answer) return answer
  if (raw.code === null) return { code: null, stdout: raw.stdout.toString(), stderr: raw.stderr }
  throw neverStarted(connection, raw, sudo.questions)
}

/**
 * The password goes out only when sudo asks, and stdin only when the script has started: a sudo that needs no
 * password would leave it in front of the script's input.
 */
function answerSudo(
  { becomePassword = '' }: Connection,
  { marker, prompt = '' }: RootCommand,
  { stdin = '', answer }: Run,
  sudo: { questions: number },
) {
  let started = false
  return (stderr: string, channel: ClientChannel) => {
    if (started) return
    started = stderr.includes(`${marker}\n`)
    if (started) handInput(channel, stdin, answer)
    else if (stderr.split(prompt).length - 1 > sudo.questions) {
      sudo.questions += 1
      // Asked again: the password was wrong, and would be the next time.
      if (sudo.questions === 1) channel.write(`${becomePassword}\n`)
      else channel.end()
    }
  }
}

function afterMarker({ code, stdout, stderr }: Raw, marker: string): Answer | undefined {
  const line = `${marker}\n`
  const [inStdout, inStderr] = [stdout.indexOf(line), stderr.indexOf(line)]
  if (inStdout < 0) return undefined
  const own = stdout.toString('utf8', inStdout + line.length)
  return { code, stdout: own, stderr: inStderr < 0 ? stderr : stderr.slice(inStderr + line.length) }
}

/** Bytes of standard output in which whatever ran in place of the script may have said why: nologin does. */
const SAID = 300

const lastLine = (text: string): string =>
  text
    .replaceAll(/fleet-(?:started|password)-\w+:?/g, '')
    .trim()
    .split('\n')
    .at(-1) ?? ''

function neverStarted(connection: Connection, raw: Raw, questions: number): FleetError {
  const { host, user, become, becomePassword } = connection
  const { code, stdout, stderr } = raw
  const args = { host, user, code, said: lastLine(stderr) || lastLine(stdout.subarray(-SAID).toString()) }
  const fault = (name: string, more = {}) =>
    new FleetError(name, { ...args, ...more }, { hostState: 'failed' })
  if (!become || user === 'root') return fault('shell-refused')
  if (code === 127) return fault('sudo-missing')
  if (questions > 1) return fault('sudo-password-wrong')
  return fault('sudo-refused', { withPassword: becomePassword !== undefined })
}
