import { findLater, findRun } from '../journal/find.ts'
import { mayStandOn } from '../journal/host-record.ts'
import { madeAgain } from '../journal/made-again.ts'
import type { RunRecord } from '../journal/record.ts'
import type { Asked } from '../plan/back.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { journalsOf } from './journals.ts'
import type { Way } from './prepared.ts'

/** A removal: what stood before fleet comes back, and blocks go too. */
export const ALL_OF_IT: Way = { to: 0, removesBlocks: true }

type WayOf = (host: string, inputs: Inputs) => Promise<Way | undefined>

/**
 * Where the flags of a rollback lead each host: those that a run changed to what each had before it; with `--to` to one
 * generation; else to the one before. `asked`: when, where it is done later.
 */
export function waysOf(flags: Flags, asked?: Asked): WayOf {
  const run = flag(flags, 'run', 'string')
  const to = flag(flags, 'to', 'number') ?? 'previous'
  let story: Promise<Story> | undefined
  return async (host, inputs) => {
    if (run === undefined) return { to, ...(asked ? { asked } : {}) }
    story ??= storyOf(journalsOf(inputs, flags), run)
    const { record, later } = await story
    const way = wayOfRun(host, record)
    const again = madeAgain(host, record, later)
    return way?.made && again.length > 0 ? { ...way, made: { ...way.made, again } } : way
  }
}

/** A run, and those that came after it. */
interface Story {
  readonly record: RunRecord
  readonly later: readonly RunRecord[]
}

async function storyOf(directory: string, run: string): Promise<Story> {
  const record = await findRun(directory, run)
  return { record, later: await findLater(directory, record) }
}

/** Hosts that the run has not left on a generation it made are as they were. */
export function wayOfRun(host: string, { run, hosts }: Pick<RunRecord, 'run' | 'hosts'>): Way | undefined {
  const known = hosts.get(host) ?? {}
  const { base, generation } = known
  if (base === undefined || generation === undefined || !mayStandOn(known)) return undefined
  return { to: base, made: { run, base, latest: Math.max(base, generation) } }
}
