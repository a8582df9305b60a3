import { randomBytes } from 'node:crypto'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { makeBundle, type Pieces, readFacts, readPieces } from './pieces.ts'
import { hostProgram, INSTALL_PROGRAM, START_PROGRAM } from './program.ts'

/** The exit codes of the host program (head.sh), the one thing that the controller decides by. */
export const EXIT = {
  done: 0,
  rolledBack: 10,
  unknownNonce: 11,
  busy: 12,
  changed: 13,
  unloadable: 14,
  storage: 15,
  needsGo: 16,
  notPersisted: 17,
  packages: 18,
  refused: 19,
  missing: 20,
  underWay: 21,
} as const

export interface Call {
  readonly verb: string
  /** After the manifest's hash, where there are files. */
  readonly args?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout: number
}

export interface Reply {
  readonly code: number
  readonly pieces: Pieces
}

/**
 * Runs one verb of the host program over a session and reads its whole answer; the program is stored first where
 * the host hasn't got it. Errors: what a session throws; `host-answer-unreadable` (state unknown) for an answer
 * without a code or without its end; `host-storage` if the program can't be stored.
 */
export async function callHost(session: Session, call: Call): Promise<Reply> {
  const first = await attempt(session, call)
  if (first.code !== EXIT.missing) return first
  await install(session)
  return attempt(session, call)
}

async function attempt(session: Session, call: Call): Promise<Reply> {
  const marker = randomBytes(8).toString('hex')
  const bundle = call.files && makeBundle(call.files, marker)
  const args = [
    hostProgram().hash,
    marker,
    call.verb,
    ...(bundle ? [bundle.manifestHash] : []),
    ...(call.args ?? []),
  ]
  const answer = await session.run({
    script: START_PROGRAM,
    args,
    timeout: call.timeout,
    ...(bundle ? { stdin: bundle.text } : {}),
  })
  if (answer.code === EXIT.missing) return { code: EXIT.missing, pieces: new Map() }
  const pieces = readPieces(answer.stdout, marker)
  if (answer.code === null || !pieces) {
    const args = { verb: call.verb, code: answer.code, stderr: answer.stderr.trim().slice(-300) }
    throw new FleetError('host-answer-unreadable', args, { hostState: 'unknown' })
  }
  return { code: answer.code, pieces }
}

async function install(session: Session): Promise<void> {
  const { text, hash } = hostProgram()
  const answer = await session.run({ script: INSTALL_PROGRAM, args: [hash], stdin: text, timeout: 60_000 })
  if (answer.code !== 0)
    throw new FleetError('host-storage', { place: '/var/lib/fleet' }, { hostState: 'failed' })
}

/** Why a verb stopped: its own word and detail. */
export function stopOf(reply: Reply): { why: string; detail: string } {
  const [head = '', ...rest] = (reply.pieces.get('stop') ?? '').split('\ndetail=')
  return { why: readFacts(head).get('why')?.[0] ?? '', detail: rest.join('\ndetail=').trim() }
}
