import { atLeast, atMost, type Judgement } from '../judge.ts'
import { median } from '../statistics.ts'
import { BLOCKERS } from './contestants.ts'
import type { BlockRun } from './samples.ts'

/** Times the bare connections: a start of Node and a canary weigh less the more hosts there are. */
const limitOf = (hosts: number) => (hosts >= 500 ? 1.3 : 1.5)

export function judgeBlocks(run: BlockRun): readonly Judgement[] {
  const at = `${run.hosts} hosts: `
  const wall = (name: string) => median((run.samples.get(name) ?? []).map(one => one.wall))
  const block = wall(BLOCKERS.block.name)
  return [
    atMost(
      `${at}fleet block / bare connections`,
      block / wall(BLOCKERS.bare.name),
      limitOf(run.hosts),
      'x',
      2,
    ),
    atMost(`${at}first host protected`, median(run.firsts), 1, ' s', 2),
    atMost(`${at}first host protected, never touched`, run.firstUntouched, 1, ' s', 2),
    ...(run.samples.has(BLOCKERS.ansible.name)
      ? [atLeast(`${at}times as fast as Ansible as installed`, wall(BLOCKERS.ansible.name) / block, 10)]
      : []),
    ...judgeLarge(run, at),
    atMost(`${at}peak memory of fleet`, peakOf(run), 200, ' MB'),
  ]
}

function judgeLarge({ large }: BlockRun, at: string): readonly Judgement[] {
  if (!large) return []
  const { entries, fleet, restore } = large
  return [atMost(`${at}${entries} entries to one of them / ipset restore`, fleet / restore, 3, 'x', 2)]
}

/** Of all that fleet did. */
function peakOf({ samples, large }: BlockRun): number {
  const own = [...samples].filter(([name]) => name.startsWith('fleet '))
  const peaks = own.flatMap(([, all]) => all.map(one => one.peak))
  return Math.max(...peaks, ...(large ? [large.peakOne, large.all.peak] : []))
}
