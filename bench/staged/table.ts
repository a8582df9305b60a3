import { stagesOf } from '../../src/plan/stages.ts'
import { atMost, type Judgement } from '../judge.ts'
import { median } from '../statistics.ts'
import type { Walls } from './walls.ts'

/** Medians, and what follows from them. */
export interface Cost {
  /** Hosts of each stage. */
  readonly stages: readonly number[]
  readonly one: number
  readonly staged: number
  /** What it takes to look at the hosts of the later stages once more. */
  readonly again: number
}

export function costOf(hosts: number, stages: string, walls: Walls): Cost {
  const sizes = cut(hosts, stages)
  const later = hosts - (sizes[0] ?? 0)
  const looks = median(walls.plan) - median(walls.list)
  return {
    stages: sizes,
    one: median(walls.one),
    staged: median(walls.staged),
    again: (looks * later) / hosts,
  }
}

function cut(hosts: number, stages: string): readonly number[] {
  const all = Array.from({ length: hosts }, (_, index) => ({ host: `web${index}`, groups: [], roles: [] }))
  const amounts = stages.split(',').map(amount => (amount.endsWith('%') ? amount : Number(amount)))
  return stagesOf(all, { stages: amounts }).stages.map(({ length }) => length)
}

export function printCost(hosts: number, rounds: number, { stages, one, staged, again }: Cost): string {
  const rows: readonly (readonly [string, number])[] = [
    ['one stage', one],
    [`stages of ${stages.join(', ')}`, staged],
    ['  of it the second look at later stages', again],
    ['  without that', staged - again],
  ]
  const lines = rows.map(([name, value]) => `${name.padEnd(40)} ${value.toFixed(2).padStart(8)} s\n`)
  return `\n${hosts} hosts, medians of ${rounds} rounds\n\n${lines.join('')}`
}

export const judgeCost = (hosts: number, { one, staged, again }: Cost): Judgement =>
  atMost(
    `${hosts} hosts: several stages, without the second look / one stage`,
    (staged - again) / one,
    1.1,
    'x',
    2,
  )
