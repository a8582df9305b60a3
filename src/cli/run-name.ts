import { randomBytes } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { isRunName } from '../model/run.ts'
import type { Flags } from './command.ts'
import { flagList } from './flag.ts'

/** The name of a new run: when it began, and a word of chance. */
export function newRunName(clock: Pick<Clock, 'wall'>): string {
  const time = new Date(clock.wall())
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-')
  return `${time}-${randomBytes(2).toString('hex')}`
}

/** Where the first word may be a run as well as an inventory: the run, and the flags without it. */
export function takeRunName(flags: Flags): { readonly run?: string; readonly flags: Flags } {
  const words = flagList(flags, 'inventory')
  const run = words.find(isRunName)
  if (run === undefined) return { flags }
  const inventory = words.filter(word => word !== run)
  return { run, flags: { ...flags, inventory: inventory.length > 0 ? inventory : undefined } }
}
