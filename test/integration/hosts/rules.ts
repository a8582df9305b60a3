import type { LabHost } from '../../../src/lab/host.ts'
import type { Family } from '../../../src/model/family.ts'

/** A host's live rules of one family as its own save prints them, without comments and counters. */
export async function hostRules(host: LabHost, family: Family = 4): Promise<string> {
  const { code, stdout, stderr } = await host.exec(family === 4 ? 'iptables-save' : 'ip6tables-save')
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  return stdout.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')
}

/** Connections that the host's sshd has accepted since it booted. */
export async function acceptedConnections(host: LabHost): Promise<number> {
  return (await host.sshdLog()).match(/^Accepted /gm)?.length ?? 0
}
