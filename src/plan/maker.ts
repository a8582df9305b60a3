import type { Ruleset } from '../ruleset/ruleset.ts'
import { jumpOf, matchesAny } from './ownership.ts'

/** Who makes chains of these names. Also such as fleet doesn't work beside: it helps to know who was there. */
const MAKERS: readonly (readonly [glob: string, maker: string])[] = [
  ['DOCKER*', 'Docker'],
  ['KUBE-*', 'Kubernetes'],
  ['cali-*', 'Calico'],
  ['CILIUM_*', 'Cilium'],
  ['CNI-*', 'CNI plugins'],
  ['FLANNEL*', 'flannel'],
  ['NETAVARK*', 'Podman'],
  ['f2b-*', 'fail2ban'],
  ['sshguard', 'sshguard'],
  ['CROWDSEC*', 'CrowdSec'],
  ['LIBVIRT_*', 'libvirt'],
  ['PVEFW-*', 'Proxmox VE'],
  ['ts-*', 'Tailscale'],
  ['InstanceServices', "Oracle Cloud's image"],
  ['ufw-*', 'ufw'],
  ['ufw6-*', 'ufw'],
  ['IN_*', 'firewalld'],
  ['FWD_*', 'firewalld'],
  ['FWDI_*', 'firewalld'],
  ['FWDO_*', 'firewalld'],
  ['LOCALINPUT', 'ConfigServer Firewall'],
  ['LOCALOUTPUT', 'ConfigServer Firewall'],
  ['nixos-fw*', 'NixOS'],
]

/** Software that writes its name into its rules. */
const SIGNED: readonly (readonly [word: string, maker: string])[] = [
  ['wg-quick(8) rule for ', 'wg-quick'],
  ['"cali:', 'Calico'],
  ['"kubernetes ', 'Kubernetes'],
  ['"generated for LXD network', 'LXD'],
  ['"generated for Incus network', 'Incus'],
]

/** The software that makes chains of that name, where it is known. */
export const makerOfChain = (chain: string): string | undefined =>
  MAKERS.find(([glob]) => matchesAny(chain, [glob]))?.[1]

/** Whose rule it is: by its chain, by the chain that it leads to, or by what it says itself. */
export function makerOfRule(chain: string, text = ''): string | undefined {
  const signed = SIGNED.find(([word]) => text.includes(word))?.[1]
  return makerOfChain(chain) ?? makerOfChain(jumpOf(text) ?? '') ?? signed
}

/** All known software that has chains of its own in a ruleset. */
export function makersIn(ruleset: Ruleset): readonly string[] {
  const chains = [...ruleset.tables.values()].flatMap(table => [...table.keys()])
  return [...new Set(chains.flatMap(chain => makerOfChain(chain) ?? []))].toSorted()
}
