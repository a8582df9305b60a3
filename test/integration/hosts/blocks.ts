import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabHost } from '../../../src/lab/host.ts'
import { replaceTool } from '../../faults/backend.ts'
import type { Site } from './site.ts'

/** What a host blocks right now, as the kernel has it: `SET ADDRESS`, sorted; without what it lets through. */
export async function blockedOn(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await host.exec('ipset save')
  return stdout
    .split('\n')
    .filter(line => line.startsWith('add fleet-block'))
    .map(line => line.split(' ').slice(1, 3).join(' ').replace('fleet-', ''))
    .toSorted()
}

/** Whether the chain stands first in both families. */
export async function isHooked(host: LabHost): Promise<boolean> {
  const { stdout } = await host.exec('iptables-save -t raw; ip6tables-save -t raw')
  const first = (chain: string) =>
    stdout
      .split('*raw')
      .filter(save => new RegExp(`^-A ${chain} .*`, 'm').exec(save)?.[0] === `-A ${chain} -j FLEET-BLOCK`)
  return first('PREROUTING').length === 2 && first('OUTPUT').length === 2
}

export const ledgerOf = (site: Site) => readFile(join(site.folder, 'blocks.yml'), 'utf8').catch(() => '')

/** Both directions of one address, which are one entry. */
export const both = (address: string): readonly string[] => [
  `${address.includes(':') ? 'block6' : 'block4'} ${address}`,
]

/** From now on the host doesn't hear the word that keeps its hook. */
export const deafen = (host: LabHost) =>
  replaceTool(host, 'grep', 'case "$*" in *yes*) exit 1 ;; esac\nexec /usr/bin/grep "$@"')
