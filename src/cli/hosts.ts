import type { Pool } from '../session/pool.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { openPool } from './pool.ts'

/** The connections of a run, as many at once as flags and fleet.yml say. */
export function poolFor(inputs: Inputs, flags: Flags, cancel: AbortSignal): Pool {
  const { starts = 30 } = inputs.config.concurrency
  return openPool({ hosts: hostsAtOnce(inputs, flags), starts, signal: cancel })
}

export const hostsAtOnce = ({ config }: Inputs, flags: Flags): number =>
  flag(flags, 'forks', 'number') ?? config.concurrency.hosts ?? 50

/** With the password of sudo, where the operator wants to be asked for it. */
export async function withBecomePassword(flags: Flags): Promise<Flags> {
  if (!flag(flags, 'ask-become-pass', 'boolean')) return flags
  const { askSecret } = await import('./ask.ts')
  return { ...flags, 'become-password': await askSecret('BECOME password: ') }
}
