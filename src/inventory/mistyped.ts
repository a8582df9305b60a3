import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'

/** Ansible's own, of which those that differ by a letter or two from one that decides how a host is reached. */
const OTHERS = [
  'ansible_su_pass',
  'ansible_su_user',
  'ansible_sudo_user',
  'ansible_scp_executable',
  'ansible_scp_extra_args',
  'ansible_sftp_extra_args',
]

/** What is near to the names that decide how a host is reached, and none of them: Ansible passes over it. */
export function mistypedAmong(names: readonly string[]): (host: Host) => Finding[] {
  const known = new Set([...names, ...OTHERS])
  const meant = new Map<string, string | undefined>()
  const meantBy = (name: string) => {
    if (!meant.has(name)) meant.set(name, nearest(name, names))
    return meant.get(name)
  }
  return host =>
    [...host.variables].flatMap(([name, { at }]): Finding[] => {
      const near = name.startsWith('ansible_') && !known.has(name) ? meantBy(name) : undefined
      if (near === undefined) return []
      return [
        { code: 'connection-variable-mistyped', severity: 'warning', args: { name, nearest: near }, at },
      ]
    })
}
