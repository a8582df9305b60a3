import type { MadeAgain } from '../plan/back.ts'
import { type HostRecord, mayStandOn } from './host-record.ts'
import type { RunRecord } from './record.ts'

/**
 * Generations by which `later` runs, the oldest first, have brought a host back to what `run` had made there: by a rollback
 * of whatever came between, or because they took their own change back.
 */
export function madeAgain(
  host: string,
  { hosts }: Pick<RunRecord, 'hosts'>,
  later: readonly Pick<RunRecord, 'run' | 'hosts'>[],
): readonly MadeAgain[] {
  const own = hosts.get(host)?.generation
  let made: readonly MadeAgain[] = []
  let alike: ReadonlySet<number> = new Set(own === undefined ? [] : [own])
  for (const { run, hosts: known } of later) {
    const one = known.get(host) ?? {}
    const { generation } = one
    const to = ledTo(one)
    // After a removal numbers begin anew, and say something else.
    if (generation === 0 && mayStandOn(one)) return []
    if (generation === undefined || to === undefined || !alike.has(to)) continue
    alike = new Set([...alike, generation])
    made = [...made, { run, generation }]
  }
  return made
}

/** The generation whose rules it was brought back to, where that is known. */
function ledTo({ outcome, back }: HostRecord): number | undefined {
  if (outcome?.state === 'persisted') return back?.to
  const to = outcome?.finding?.code === 'taken-back' ? outcome.finding.args.to : undefined
  return typeof to === 'number' ? to : undefined
}
