import { existsSync } from 'node:fs'
import { findNewestRun, findRun } from '../journal/find.ts'
import { isPlace, isSameInventory } from '../journal/inventory-place.ts'
import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'
import { type Inputs, readInputs, readSources, type Sources } from './inputs.ts'
import { journalsOf } from './journals.ts'
import { warn, warnOnce } from './warnings.ts'

/** A run that may have something left to do, and its hosts as they are reached now. */
export interface LeftRun {
  readonly record: RunRecord
  readonly directory: string
  readonly inputs: Inputs
  readonly isNamed: boolean
}

/**
 * The run that is named, or the newest of the inventory. Nobody is contacted yet. Errors: `run-unknown`, `run-none`,
 * `run-other-inventory`.
 */
export async function findLeftRun(flags: Flags): Promise<LeftRun> {
  const here = await readSources(flags)
  const directory = journalsOf(here, flags)
  const named = flag(flags, 'run', 'string')
  const record = named ? await findRun(directory, named) : await findNewest(directory, here.sources)
  await checkInventory(record, here)
  const inputs = await readInputs({ ...allFlags(record, flags), limit: hostsOf(record, here) }, here)
  for (const finding of inputs.findings) if (finding.severity === 'warning') warnOnce(finding)
  return { record, directory, inputs, isNamed: named !== undefined }
}

/** What was said then and what is said now, which wins. What a flag leaves out says nothing. */
export const allFlags = (record: RunRecord, flags: Flags): Flags => ({
  ...record.flags,
  ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
})

/** The command that the run was. */
export const wordOf = ({ command }: RunRecord): string => command.split(' ')[0] ?? ''

/** Variables that hosts are reached and rendered by. Error: `needs-extra-vars`. */
export function checkExtraVars({ run, extraVars }: RunRecord, flags: Flags): void {
  if (!extraVars || flagList(flags, 'extra-vars').length > 0) return
  const named = flag(flags, 'run', 'string')
  throw new FleetError('needs-extra-vars', { run, named: named ?? null })
}

async function findNewest(directory: string, sources: readonly string[]): Promise<RunRecord> {
  const { record, older } = await findNewestRun(directory, sources)
  if (older) process.stderr.write(`run ${older} has no end: fleet resume ${older}\n`)
  return record
}

/** A host of the same name in another inventory may be another host. One that was moved is nowhere else any more. */
async function checkInventory({ run, inventory }: RunRecord, { sources }: Sources): Promise<void> {
  if (inventory.length === 0 || (await isSameInventory(inventory, sources))) return
  const args = { run, was: inventory, is: sources }
  const isGone = inventory.every(source => isPlace(source) && !existsSync(source))
  if (!isGone) throw new FleetError('run-other-inventory', args)
  warn({ code: 'run-inventory-gone', severity: 'warning', args })
}

/** Rows of others may say what can't be followed. */
function hostsOf({ hosts }: RunRecord, { inventory }: Sources): string | undefined {
  const known = [...hosts.keys()].filter(host => inventory.hosts.has(host))
  return known.length > 0 ? known.join(',') : undefined
}
