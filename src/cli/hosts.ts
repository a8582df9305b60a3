import type { Pool } from '../session/pool.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { openPool } from './pool.ts'

/** The connections of a run, as many at once as flags and fleet.yml say. */
export function poolFor(inputs: Inputs, flags: Flags, cancel: AbortSignal): Pool {
  return openPool({
    hosts: hostsAtOnce(inputs, flags),
    starts: startsAtOnce(inputs, flags, 30),
    signal: cancel,
  })
}

/** Connections being opened. */
export const startsAtOnce = ({ config }: Pick<Inputs, 'config'>, flags: Flags, unsaid: number): number =>
  flag(flags, 'starts', 'number') ?? config.concurrency.starts ?? unsaid

/** Hosts that keep their connections from the look to the change. */
export const keptOpen = ({ config }: Pick<Inputs, 'config'>, flags: Flags): number =>
  flag(flags, 'open', 'number') ?? config.concurrency.open ?? 1000

export const hostsAtOnce = ({ config }: Pick<Inputs, 'config'>, flags: Flags): number =>
  flag(flags, 'forks', 'number') ?? config.concurrency.hosts ?? 50

/** With the password of sudo, where the operator wants to be asked for it. */
export async function withBecomePassword(flags: Flags): Promise<Flags> {
  if (!flag(flags, 'ask-become-pass', 'boolean')) return flags
  const { askSecret } = await import('./ask.ts')
  return { ...flags, 'become-password': await askSecret('BECOME password: ') }
}
