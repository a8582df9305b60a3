import type { Sample } from '../measure.ts'
import { median } from '../statistics.ts'
import { align } from '../table.ts'
import { BLOCKERS } from './contestants.ts'
import type { BlockRun, Large } from './samples.ts'

const HEAD = ['', 'wall s', 'x bare', 'of single rounds', 'CPU s', 'peak MB', 'connections', 'hosts CPU ms']

/** One size: a line for each contestant. */
export function printBlocks(run: BlockRun): string {
  const { hosts, rounds, cores, samples, firsts, firstUntouched, large, notes } = run
  const bare = median((samples.get(BLOCKERS.bare.name) ?? []).map(one => one.wall))
  const rows = [...samples].map(([name, all]) => rowOf(name, all, bare, hosts))
  if (large) rows.push(rowOf(`fleet block, ${large.entries} entries`, [large.all], bare, hosts))
  const title = `${hosts} hosts, ${cores} cores, medians of ${rounds} rounds (connections and CPU: of each host)`
  const first = `first host protected after ${median(firsts).toFixed(2)} s; never touched: ${firstUntouched.toFixed(2)} s`
  const lines = [first, ...(large ? [printLarge(large)] : []), ...notes]
  return `\n${title}\n\n${align([HEAD, ...rows])}\n\n${lines.map(line => `${line}\n`).join('')}`
}

function rowOf(name: string, all: readonly Sample[], bare: number, hosts: number): string[] {
  const of = (key: keyof Sample) => median(all.map(one => one[key]))
  const walls = all.map(({ wall }) => wall)
  return [
    name,
    of('wall').toFixed(2),
    (of('wall') / bare).toFixed(2),
    `${Math.min(...walls).toFixed(2)} to ${Math.max(...walls).toFixed(2)}`,
    of('cpu').toFixed(2),
    // Ansible is a process for each fork: its first one's memory says nothing.
    name.startsWith('ansible') ? '-' : of('peak').toFixed(0),
    (of('connections') / hosts).toFixed(2),
    ((of('hostCpu') / hosts) * 1000).toFixed(0),
  ]
}

const printLarge = ({ entries, restore, fleet, peakOne }: Large) =>
  `${entries} entries to one host: ipset restore there ${restore.toFixed(2)} s; fleet block, all of it, ${fleet.toFixed(2)} s, ${peakOne.toFixed(0)} MB`
