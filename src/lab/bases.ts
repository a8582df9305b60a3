import { MACHINE_ROOT, PACKAGES, SYSTEMD, type Tool } from './preflight.ts'
import { debianRoot, isRelease } from './root.ts'
import type { HostPlan, HostSpec, LabSpec } from './spec.ts'

/** The programs that this machine needs for such a lab. */
export function toolsFor({ hosts, packages }: LabSpec): readonly Tool[] {
  const overMachine = hosts.some(host => wishedRoot(host) === 'machine')
  const systemd = hosts.some(host => host.systemd === true)
  const store = packages === true || Array.isArray(packages)
  return [...(overMachine ? MACHINE_ROOT : []), ...(systemd ? SYSTEMD : []), ...(store ? PACKAGES : [])]
}

/** The same host with its root as a path; a release that this machine hasn't made yet is made now. */
export async function resolveRoot(host: HostSpec, say?: (line: string) => void): Promise<HostSpec> {
  const root = wishedRoot(host)
  if (isRelease(root)) return { ...host, root: await debianRoot(root, { ...(say && { say }) }) }
  return { ...host, root: root === 'machine' ? '/' : root }
}

/** The path that a host's root is laid over, once roots are resolved. */
export const baseOf = ({ spec }: HostPlan): string => spec.root ?? '/'
export const basesOf = (plans: readonly HostPlan[]): readonly string[] => [...new Set(plans.map(baseOf))]

const wishedRoot = (host: HostSpec): string => host.root ?? (host.systemd === true ? 'bookworm' : 'machine')
