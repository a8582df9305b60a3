import { readFileSync } from 'node:fs'
import type { LabHost } from '../../src/lab/host.ts'
import type { Ground } from '../ground.ts'
import { median } from '../statistics.ts'
import { fleetBlock } from './contestants.ts'
import type { Large } from './samples.ts'
import { succeed } from './succeed.ts'

/**
 * A long list to one host, beside what `ipset restore` takes there for the same entries; then to all of them, for the
 * memory of the controller. Each round has a host and a ledger of its own, so that all begin alike.
 */
export async function takeLarge(
  ground: Ground,
  entries: number,
  rounds: number,
  say: (line: string) => void,
): Promise<Large> {
  const addresses = Array.from({ length: entries }, (_, index) => address(index))
  ground.write('list.txt', `${addresses.join('\n')}\n`)
  const restores: number[] = []
  const walls: number[] = []
  const peaks: number[] = []
  for (const [index, host] of ground.lab.hosts.slice(0, rounds).entries()) {
    const restore = await timeRestore(host, addresses)
    const { sample } = await succeed(ground, toOne(ground, `large-${index}`, host.name))
    say(`${entries} entries: ipset restore ${restore.toFixed(2)} s, fleet block ${sample.wall.toFixed(2)} s`)
    restores.push(restore)
    walls.push(sample.wall)
    peaks.push(sample.peak)
  }
  const { sample } = await succeed(ground, fleetBlock('list.txt'))
  say(`${entries} entries to all hosts: ${sample.wall.toFixed(2)} s, ${sample.peak.toFixed(0)} MB`)
  return {
    entries,
    restore: median(restores),
    fleet: median(walls),
    peakOne: Math.max(...peaks),
    all: sample,
  }
}

/** Far enough from each other that no two of them come to one network. */
function address(index: number): string {
  const number = 0x14_00_00_00 + index * 37
  return [24, 16, 8, 0].map(shift => (number >> shift) & 255).join('.')
}

function toOne(ground: Ground, folder: string, name: string): readonly string[] {
  const inventory = readFileSync(`${ground.folder}/inventory.ini`, 'utf8')
  const own = inventory
    .split('\n')
    .filter(line => !/^web\d/.test(line) || line.startsWith(`${name} `))
    .join('\n')
  const file = ground.write(`${folder}/inventory.ini`, own)
  return fleetBlock('list.txt', file)
}

const RESTORE = `
ipset create beside hash:net family inet maxelem 1048576 timeout 0
file=$(mktemp)
cat >"$file"
date +%s.%N
ipset restore <"$file"
date +%s.%N
ipset destroy beside
rm "$file"
`

/** Seconds that `ipset restore` itself takes on a host, with the same time for each entry as fleet gives them. */
async function timeRestore(host: LabHost, addresses: readonly string[]): Promise<number> {
  const lines = addresses.map(one => `add beside ${one} timeout 86400\n`).join('')
  const { code, stdout, stderr } = await host.exec(`set -e${RESTORE}`, lines)
  if (code !== 0) throw new Error(`ipset restore on ${host.name}: ${stderr}`)
  const [from = Number.NaN, to = Number.NaN] = stdout.split('\n').map(Number)
  return to - from
}
