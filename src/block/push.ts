import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Pool } from '../session/pool.ts'
import { attempt, type BlockHost, type Verbs } from './attempt.ts'
import { type BlockEvent, type BlockOutcome, isBlocking } from './event.ts'
import { createGate, type Gate } from './gate.ts'
import { installFor, persistFor } from './make-last.ts'
import type { Step } from './verdict.ts'

export interface Push {
  readonly verbs: Verbs
  readonly each: Pool['each']
  readonly clock: Clock
  /** From 0 to 1, as Math.random. */
  readonly random: () => number
  /** Milliseconds since the command began, in which hosts that don't answer are asked again; 0: each once. */
  readonly giveUpAfter: number
  /** `clock.now()` when the command began. */
  readonly began: number
  /** Nothing is begun any more. */
  readonly stop: AbortSignal
  readonly emit: (event: BlockEvent) => void
}

/** Milliseconds of the first pause, and of the longest. */
const PAUSE = { first: 1000, most: 15_000 }
/** Milliseconds before the end in which no other try begins. */
const SHORTEST = 100
/** Times that a host is told again because it has heard something later, or was booted in between. */
const INSISTING = 5
/** Hosts that install packages at once: they take minutes, and must not keep the places of those that aren't protected. */
const INSTALLING = 25

/** Hosts that are turned to ahead of all others: what fifty handshakes cost must not hold up the first block. */
const VANGUARD = 6
/** Milliseconds that the others wait at most until a host is protected. */
const HEAD_START = 500

/** Brings all hosts in line, the first that answers ahead of the others. One outcome a host, in their order. */
export async function pushBlocks(hosts: readonly BlockHost[], push: Push): Promise<readonly BlockOutcome[]> {
  const gate = createGate(push.clock)
  const close = () => gate.close()
  // One for each host that is being connected to is no leak.
  setMaxListeners(0, push.stop)
  push.stop.addEventListener('abort', close, { once: true })
  const slowly = pLimit(INSTALLING)
  const seen = new Set<string>()
  const begun = new AbortController()
  const onProtected = (host: string) => {
    if (seen.has(host)) return
    seen.add(host)
    begun.abort()
    const after = push.clock.now() - push.began
    push.emit({ type: 'block-protected', host, protected: seen.size, hosts: hosts.length, after })
  }
  const headStart =
    hosts.length > VANGUARD && push.clock.sleep(HEAD_START, AbortSignal.any([push.stop, begun.signal]))
  const settle = async (one: BlockHost, index: number) => {
    if (index >= VANGUARD) await headStart
    const outcome = await bringInLine(one, { ...push, gate, slowly, onProtected })
    if (isBlocking(outcome)) onProtected(one.host)
    push.emit({ type: 'block-settled', ...outcome })
    return outcome
  }
  return Promise.all(hosts.map(settle)).finally(() => push.stop.removeEventListener('abort', close))
}

interface Run extends Push {
  readonly gate: Gate
  readonly slowly: ReturnType<typeof pLimit>
  readonly onProtected: (host: string) => void
}

/** One host from the first try to the last. While it waits for the next one it holds no place. */
async function bringInLine(one: BlockHost, run: Run): Promise<BlockOutcome> {
  let todo: Step['next'] = 'send'
  let outcome: BlockOutcome | undefined
  let isInstalled = false
  let insisted = 0
  for (let pauses = 0; ; ) {
    const step: Step = await takeStep(one, run, todo, outcome, pauses === 0)
    // Why it wasn't reached before says more than that it isn't tried any more.
    if (outcome && step.outcome.state === 'not started') return outcome
    outcome = step.outcome
    if (step.next === 'done' || run.stop.aborted) return outcome
    if (step.next === 'install' && isInstalled) return outcome
    if (step.next === 'send' && todo !== 'install' && ++insisted > INSISTING) return outcome
    isInstalled ||= step.next === 'install'
    if (step.next !== 'again') todo = step.next
    else if (!(await pause(run, outcome, ++pauses))) return outcome
  }
}

async function takeStep(
  one: BlockHost,
  run: Run,
  todo: Step['next'],
  before: BlockOutcome | undefined,
  isFirst: boolean,
): Promise<Step> {
  const { verbs, gate, stop, clock } = run
  if (before && (todo === 'install' || todo === 'persist')) {
    const work = todo === 'install' ? installFor : persistFor
    return run.slowly(async () => {
      if (stop.aborted) return { next: 'done', outcome: before }
      run.emit({ type: 'block-installing', host: one.host })
      return work(one, verbs, before, stop)
    })
  }
  const onProven = () =>
    run.emit({ type: 'block-proven', host: one.host, after: run.clock.now() - run.began })
  const onProtected = () => run.onProtected(one.host)
  const here = { verbs, gate, stop, clock, isFirst, onProtected, onProven }
  const [tried] = await run.each([one], () => attempt(one, here))
  if (tried?.status === 'fulfilled') return tried.value
  if (!(tried?.reason instanceof FleetError)) throw tried?.reason
  const { finding, hostState = 'failed' } = tried.reason
  return { next: 'done', outcome: before ?? { host: one.host, state: hostState, finding } }
}

/** Whether there is time for another try: waits for it then. The last one comes just before the end. */
async function pause(run: Run, { host, finding }: BlockOutcome, pauses: number): Promise<boolean> {
  const left = run.giveUpAfter - (run.clock.now() - run.began)
  if (left < SHORTEST) return false
  const growing = Math.min(PAUSE.most, PAUSE.first * 2 ** (pauses - 1))
  const after = Math.min(left, growing * (0.5 + run.random() / 2))
  if (finding) run.emit({ type: 'block-retry', host, finding, after })
  await run.clock.sleep(after, run.stop)
  return !run.stop.aborted
}
