import type { HostRecord } from '../journal/host-record.ts'
import type { RunRecord } from '../journal/record.ts'
import type { Outcome } from '../model/event.ts'
import { checkStage } from '../rollout/check-stage.ts'
import type { Flags } from './command.ts'
import type { GoingOn } from './going-on.ts'
import { allFlags } from './left-run.ts'
import { gatesOf } from './settle-left.ts'
import { ALL_OF_IT } from './way-of.ts'
import { wayBack } from './ways-back.ts'

type Known = RunRecord['hosts']

/**
 * Hosts that persisted and didn't pass their check, where nobody has accepted that since. Of a run that died those of its
 * last try are spent already; `isNamed`: all of them.
 */
export const failedChecks = (hosts: Known, isNamed: boolean): readonly string[] =>
  [...hosts].flatMap(([host, one]) => (isNamed || one.isOfBefore ? (isToBeChecked(one) ? [host] : []) : []))

/** Of one that was to be taken back a check says nothing. */
const isToBeChecked = ({ outcome, isSpoiled, isAccepted }: HostRecord) =>
  isSpoiled && !isAccepted && outcome?.state === 'persisted' && outcome.finding?.code !== 'not-taken-back'

/**
 * Asks the check of such hosts once more, before anybody is started. Who passes is done; who doesn't counts in the budget
 * of what follows. Answers what is known of all hosts then.
 */
export async function checkAgain(known: Known, it: GoingOn, flags: Flags): Promise<Known> {
  const { inputs, record, pool, emit, stop, isNamed } = it
  const isMeant = (host: string) => inputs.connections.has(host)
  const hosts = record.takingBack || stop.aborted ? [] : failedChecks(known, isNamed).filter(isMeant)
  if (hosts.length === 0) return known
  const back = wayBack(inputs, allFlags(record, flags), pool)
  const leftWith = (host: string) => {
    const to = known.get(host)?.generation ?? 0
    return to === 0 ? ALL_OF_IT : { to }
  }
  const changing = new Map(hosts.map(host => [host, { target: back(host, leftWith(host)) }]))
  const done = new Map(hosts.map(host => [host, asItPersisted(host, known.get(host))]))
  const tools = { emit, each: pool.each, gatesOf: (host: string) => gatesOf(host, it) }
  const { inconclusive } = await checkStage(hosts, { changing, done, tools })
  const now = new Map(known)
  for (const [host, outcome] of done) {
    const before = known.get(host)
    const passes = !outcome.finding && !inconclusive
    if (passes) await emit({ type: 'host-settled', ...outcome })
    const said = outcome.finding || passes ? outcome : before?.outcome
    const again = { isSpoiled: !passes, isAccepted: false, isOfBefore: false }
    now.set(host, { ...before, ...(said ? { outcome: said } : {}), ...again })
  }
  return now
}

const asItPersisted = (host: string, known?: HostRecord): Outcome => {
  const { outcome, generation } = known ?? {}
  const now = outcome?.generation ?? generation
  return { host, state: 'persisted', ...(now === undefined ? {} : { generation: now }) }
}
