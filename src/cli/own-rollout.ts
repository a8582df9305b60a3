import { parseRollout, type Rollout } from '../config/rollout.ts'
import type { RunRecord } from '../journal/record.ts'
import type { Finding } from '../model/finding.ts'
import type { Flags } from './command.ts'
import { rolloutOfCommand } from './course.ts'
import { goneGates } from './gates.ts'
import type { Inputs } from './inputs.ts'
import { allFlags, wordOf } from './left-run.ts'

/**
 * By what a run is gone on with. One that has no end goes on as it began, whatever fleet.yml says by now: its operator
 * agreed to that. One that has an end is tried anew, by its flags and by fleet.yml as it stands.
 */
export function ownRollout(record: RunRecord, inputs: Pick<Inputs, 'config'>, flags: Flags): Rollout {
  return keptIn(record) ?? rolloutNow(record, inputs, flags)
}

/**
 * What somebody may take for granted who has changed fleet.yml since: what it says otherwise by now (what stages were
 * made from is past), and gates that the run had asked and `rollout` has lost.
 */
export function findChanged(
  record: RunRecord,
  inputs: Pick<Inputs, 'config'>,
  rollout: Rollout,
  flags: Flags,
): readonly Finding[] {
  const now = rolloutNow(record, inputs, flags)
  const names = NAMES.filter(name => JSON.stringify(rollout[name]) !== JSON.stringify(now[name]))
  const args = { run: record.run, names }
  const changed: Finding = { code: 'rollout-changed', severity: 'warning', args }
  return [...(names.length > 0 ? [changed] : []), ...goneGates(rollout.gates ?? [], record.gates)]
}

const NAMES = [
  'maxParallel',
  'maxFailures',
  'maxStageFailures',
  'maxSkipped',
  'unreachable',
  'soak',
  'gates',
  'onFailure',
  'manual',
  'notBefore',
  'notAfter',
  'hostTimeout',
  'timeout',
] as const satisfies readonly (keyof Rollout)[]

const rolloutNow = (record: RunRecord, inputs: Pick<Inputs, 'config'>, flags: Flags) =>
  rolloutOfCommand(wordOf(record), inputs, allFlags(record, flags))

/** Undefined also for what another version of fleet has written. */
function keptIn({ isEnded, rollout }: RunRecord): Rollout | undefined {
  if (isEnded || !rollout) return undefined
  const parsed = parseRollout(rollout)
  return 'expected' in parsed ? undefined : parsed
}
