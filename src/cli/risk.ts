import { FleetError } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import type { Flags } from './command.ts'
import { flagList } from './flag.ts'

/** Whose lockout check `--accept-lockout-risk` overrides. Throws `unknown-risk-host` for a name that no host has. */
export function acceptedRisks(flags: Flags, hosts: readonly string[]): (host: string) => boolean {
  const names = flagList(flags, 'accept-lockout-risk')
  const unknown = names.find(name => name !== 'all' && !hosts.includes(name))
  if (unknown !== undefined) {
    throw new FleetError('unknown-risk-host', { name: unknown, nearest: nearest(unknown, hosts) ?? null })
  }
  return host => names.includes('all') || names.includes(host)
}
