import { readFile, rename, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { FleetError } from '../model/error.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { type SavedPlan, saveHost } from '../plan/saved.ts'
import { planLine } from '../report/json.ts'

const VERSION = 1

const schema = v.object({
  fleetPlan: v.literal(VERSION),
  hosts: v.array(
    v.object({
      host: v.string(),
      verdict: v.picklist(['unchanged', 'change', 'refused']),
      wanted: v.string(),
      seen: v.string(),
    }),
  ),
})

/** Writes what was planned: what `--json` shows of each host, and what makes the plan known again. */
export async function writePlan(file: string, plans: readonly HostPlan[]): Promise<void> {
  const hosts = plans.map(plan => ({ ...JSON.parse(planLine(plan)), ...saveHost(plan) }))
  const made = new Date().toISOString()
  try {
    await writeFile(`${file}.new`, `${JSON.stringify({ fleetPlan: VERSION, made, hosts }, null, 1)}\n`, {
      mode: 0o600,
    })
    await rename(`${file}.new`, file)
  } catch (cause) {
    throw new FleetError('plan-unwritable', { reason: String(cause) }, { at: { file }, cause })
  }
}

/** Errors: `plan-missing`, `plan-unreadable`, with what is wrong with the file. */
export async function readPlan(file: string): Promise<SavedPlan> {
  const parsed = v.safeParse(schema, await read(file))
  if (!parsed.success)
    throw new FleetError('plan-unreadable', { reason: 'this is no plan' }, { at: { file } })
  return { hosts: new Map(parsed.output.hosts.map(host => [host.host, host])) }
}

/** Leaving a host of the plan out in silence would be another plan. Error: `plan-host-gone`, with all of them. */
export function checkPlan({ hosts }: SavedPlan, inventory: ReadonlyMap<string, unknown>, file: string): void {
  const gone = [...hosts.keys()].filter(host => !inventory.has(host))
  if (gone.length > 0) throw new FleetError('plan-host-gone', { hosts: gone }, { at: { file } })
}

async function read(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw new FleetError('plan-missing', {}, { at: { file }, cause })
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FleetError('plan-unreadable', { reason }, { at: { file }, cause })
  }
}
