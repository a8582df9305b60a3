import type { LabHost } from '../../../src/lab/host.ts'
import { FAMILIES, type Family } from '../../../src/model/family.ts'

/** A host's live rules of one family as its own save prints them, without comments and counters. */
export async function hostRules(host: LabHost, family: Family = 4): Promise<string> {
  const { code, stdout, stderr } = await host.exec(family === 4 ? 'iptables-save' : 'ip6tables-save')
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  return stdout.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')
}

/** A table without a rule, a chain or a policy: it can be made, but never unmade, and is the same as none. */
const EMPTY_TABLE = /^\*\w+\n(?::\w+ ACCEPT\n)*COMMIT\n/gm

/** What a host's rules of both families come to: the text of its saves, tables that do nothing left out. */
export async function inForce(host: LabHost): Promise<readonly string[]> {
  const saves = await Promise.all(FAMILIES.map(family => hostRules(host, family)))
  return saves.map(withoutEmptyTables)
}

export const withoutEmptyTables = (save: string): string => save.replaceAll(EMPTY_TABLE, '')

/** Connections that the host's sshd has accepted since it booted. */
export async function acceptedConnections(host: LabHost): Promise<number> {
  return (await host.sshdLog()).match(/^Accepted /gm)?.length ?? 0
}

/** The same of several hosts, by name. */
export async function inForceOn(hosts: readonly LabHost[]): Promise<Record<string, readonly string[]>> {
  return Object.fromEntries(await Promise.all(hosts.map(async host => [host.name, await inForce(host)])))
}
