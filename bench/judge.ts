import { CONTESTANTS } from './contestants.ts'
import type { Help } from './help.ts'
import type { Sample } from './measure.ts'
import type { Run } from './run.ts'
import { median } from './statistics.ts'

/** A target, and whether it was reached. */
export interface Judgement {
  readonly target: string
  readonly measured: string
  readonly reached: boolean
}

/** Medians of one contestant of one run. */
export function medians(run: Run, name: string): Sample | undefined {
  const samples = run.samples.get(name)
  if (!samples) return undefined
  const of = (key: keyof Sample) => median(samples.map(sample => sample[key]))
  return {
    wall: of('wall'),
    cpu: of('cpu'),
    peak: of('peak'),
    hostCpu: of('hostCpu'),
    connections: of('connections'),
  }
}

/** Seconds of CPU on all hosts together, without what as many connections cost that only run `true`. */
export function hostWork(run: Run, sample: Sample): number {
  const bare = medians(run, CONTESTANTS.bareTrue.name)
  return bare ? sample.hostCpu - (bare.hostCpu / bare.connections) * sample.connections : Number.NaN
}

const SAFE = 'ansible, iptables_state with rollback'

export function judgeRun(run: Run): readonly Judgement[] {
  const changed = medians(run, CONTESTANTS.changed.name)
  const unchanged = medians(run, CONTESTANTS.unchanged.name)
  const bare = medians(run, CONTESTANTS.bareTwo.name)
  if (!changed || !unchanged || !bare) return []
  const work = hostWork(run, changed)
  const limit = bare.wall + work / run.cores
  const at = `${run.hosts} hosts: `
  return [
    atMost(`${at}controller CPU / bare, two connections`, changed.cpu / bare.cpu, 2, 'x', 2),
    atMost(`${at}wall / (bare, two connections + host work / cores)`, changed.wall / limit, 1.3, 'x', 2),
    atMost(`${at}host work of a changed host`, (work / run.hosts) * 1000, 250, ' ms'),
    atMost(`${at}host work of an unchanged host`, (hostWork(run, unchanged) / run.hosts) * 1000, 60, ' ms'),
    atMost(`${at}connections of a changed host`, changed.connections / run.hosts, 2, '', 2),
    ...(run.hosts >= 500 ? [atMost(`${at}peak memory of fleet`, changed.peak, 150, ' MB')] : []),
    ...judgeAnsible(run, changed),
  ]
}

function judgeAnsible(run: Run, changed: Sample): Judgement[] {
  const safe = medians(run, SAFE)
  if (!safe) return []
  return [
    atLeast(`${run.hosts} hosts: times as fast as Ansible's safe playbook`, safe.wall / changed.wall, 12),
  ]
}

/** Ten times the hosts, at most so much more than ten times the time: the share that a start costs falls. */
const LINEAR = 1.1

export function judgeGrowth(runs: readonly Run[]): readonly Judgement[] {
  const [small, large] = runs
  if (!small || !large) return []
  const grown = large.hosts / small.hosts
  return [CONTESTANTS.changed.name, CONTESTANTS.unchanged.name].flatMap(name => {
    const [before, after] = [medians(small, name), medians(large, name)]
    if (!before || !after) return []
    const growth = after.wall / before.wall / grown
    return [
      atMost(`wall of ${name}, ${grown} times the hosts / ${grown} times the wall`, growth, LINEAR, 'x', 2),
    ]
  })
}

export const judgeHelp = ({ fleet, node }: Help): Judgement =>
  atMost('`fleet --help` / `node -e 0`', fleet / node, 2.5, 'x', 2)

export function atMost(what: string, value: number, limit: number, unit: string, digits = 0): Judgement {
  return {
    target: `${what}: at most ${limit}${unit}`,
    measured: `${value.toFixed(digits)}${unit}`,
    reached: value <= limit,
  }
}

export function atLeast(what: string, value: number, limit: number, unit = ''): Judgement {
  return {
    target: `${what}: at least ${limit}${unit}`,
    measured: `${value.toFixed(1)}${unit}`,
    reached: value >= limit,
  }
}
