import { FleetError } from '../model/error.ts'
import type { Heard } from '../model/event.ts'
import type { Run, Session } from '../session/session.ts'
import { newMarker } from './nonce.ts'
import { makeBundle, type Pieces, readCode, readFacts, readPieces } from './pieces.ts'
import { hostProgram, INSTALL_PROGRAM, PASS_PROGRAM, type Program } from './program.ts'
import { overheard } from './witness.ts'

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
  notRoot: 22,
  lacks: 23,
} as const

export interface Call {
  readonly verb: string
  /** After the manifest's hash, where there are files. */
  readonly args?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  /** Instead of files: what goes in, given the marker of its pieces, and what is to be said while it is at it. */
  readonly talk?: (marker: string) => Pick<Run, 'stdin' | 'answer'>
  /** Another than the host program. */
  readonly program?: Program
  /** Milliseconds. */
  readonly timeout: number
}

export interface Reply {
  readonly code: number
  readonly pieces: Pieces
}

/**
 * Runs one verb of the host program over a session and reads its whole answer; the program is stored first where
 * the host hasn't got it, or has a damaged one: that is never begun.
 * Errors: what a session throws; `host-answer-unreadable` (state unknown) for an answer without a code, with another
 * one than the program's, or without its end; `host-storage` if the program can't be stored.
 */
export const callHost = (session: Session, call: Call): Promise<Reply> =>
  overheard(session, call.verb, () => ask(session, call), heardOf)

async function ask(session: Session, call: Call): Promise<Reply> {
  const first = await attempt(session, call)
  if (first.is === 'read') return first
  if (first.is === 'unreadable') throw unreadable(call, first)
  await install(session, call.program ?? hostProgram())
  const second = await attempt(session, call)
  if (second.is === 'read') return second
  throw unreadable(call, second)
}

type Attempt =
  | { readonly is: 'missing'; readonly code: null; readonly stdout: ''; readonly stderr: '' }
  | {
      readonly is: 'unreadable'
      readonly code: number | null
      readonly stdout: string
      readonly stderr: string
    }
  | ({ readonly is: 'read' } & Reply)

/**
 * The same for a verb that only reads and takes no files: a host that hasn't got the program is handed it, and keeps
 * nothing of it.
 */
export const readHost = (session: Session, call: Omit<Call, 'files' | 'talk'>): Promise<Reply> =>
  overheard(session, call.verb, () => askInPassing(session, call), heardOf)

async function askInPassing(session: Session, call: Omit<Call, 'files' | 'talk'>): Promise<Reply> {
  const first = await attempt(session, call)
  if (first.is === 'read') return first
  const second = await attempt(session, call, (call.program ?? hostProgram()).text)
  if (second.is === 'read') return second
  checkFirst(second)
  throw unreadable(call, second)
}

async function attempt(session: Session, call: Call, passed?: string): Promise<Attempt> {
  const marker = newMarker()
  const bundle = call.files && makeBundle(call.files, marker)
  const { hash, start } = call.program ?? hostProgram()
  const args = [hash, marker, call.verb, ...(bundle ? [bundle.manifestHash] : []), ...(call.args ?? [])]
  const answer = await session.run({
    script: passed === undefined ? start : PASS_PROGRAM,
    args,
    timeout: call.timeout,
    ...(bundle ? { stdin: bundle.text } : {}),
    ...call.talk?.(marker),
    ...(passed === undefined ? {} : { stdin: passed }),
  })
  const { code, stdout, stderr } = answer
  if (code === EXIT.missing) return { is: 'missing', code: null, stdout: '', stderr: '' }
  const pieces = readPieces(stdout, marker)
  if (code === null || !pieces || readCode(stdout, marker) !== code)
    return { is: 'unreadable', code, stdout, stderr }
  return { is: 'read', code, pieces }
}

function unreadable(call: Call, { code, stderr }: { code: number | null; stderr: string }): FleetError {
  const args = { verb: call.verb, code, stderr: stderr.trim().slice(-300) }
  return new FleetError('host-answer-unreadable', args, { hostState: 'unknown' })
}

/** What a first contact asks of a host. */
function checkFirst({ code, stdout }: { code: number | null; stdout: string }): void {
  if (code === EXIT.notRoot) throw new FleetError('not-root', {}, { hostState: 'failed' })
  if (code === EXIT.lacks)
    throw new FleetError('host-refuses', { why: 'lacks', detail: stdout.trim() }, { hostState: 'refused' })
}

async function install(session: Session, { text, hash, places }: Program): Promise<void> {
  for (const place of places) {
    const run = { script: INSTALL_PROGRAM, args: [hash, place], stdin: text, timeout: 60_000 }
    const answer = await session.run(run)
    checkFirst(answer)
    if (answer.code === 0) return
  }
  throw new FleetError('host-storage', { place: places[0] ?? '' }, { hostState: 'failed' })
}

/** `ROLLED_BACK-deadline`, or `APPLIED-123456-129456`: the times are of the host's own clock. */
const STATE = /^([A-Z_]{1,40})(?:-([a-z][\w-]{0,40}))?(?:-[\d-]*)?$/
const WORD = /^[\w-]{1,40}$/

/** Words alone, and of their length: a host that lies has no room in a journal. */
function heardOf(reply: Reply): Heard {
  const [, state, word] = STATE.exec(readFacts(reply.pieces.get('state')).get('state')?.[0] ?? '') ?? []
  const reason = word ?? WORD.exec(stopOf(reply).why)?.[0]
  return { code: reply.code, ...(state ? { state } : {}), ...(reason ? { reason } : {}) }
}

/** Why a verb stopped: its own word and detail. */
export function stopOf(reply: Reply): { why: string; detail: string } {
  const [head = '', ...rest] = (reply.pieces.get('stop') ?? '').split('\ndetail=')
  return { why: readFacts(head).get('why')?.[0] ?? '', detail: rest.join('\ndetail=').trim() }
}
