import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, type StageWish, stagesOf } from '../../../src/plan/stages.ts'

const one = (host: string, more: Partial<Candidate> = {}): Candidate => ({
  host,
  groups: [],
  roles: [],
  ...more,
})
const many = (count: number) => Array.from({ length: count }, (_, at) => one(`h${at + 1}`))
const sizes = (hosts: readonly Candidate[], wish: StageWish) =>
  stagesOf(hosts, wish).stages.map(({ length }) => length)

describe('stages', () => {
  it('are cumulative shares of all hosts, rounded up', () => {
    expect(sizes(many(60), { stages: [1, '10%', '100%'] })).toEqual([1, 5, 54])
    expect(sizes(many(1000), { stages: [1, '10%', '100%'] })).toEqual([1, 99, 900])
    expect(sizes(many(15), { stages: ['10%', '50%', '100%'] })).toEqual([2, 6, 7])
    expect(sizes(many(100), { stages: ['7%', '100%'] })).toEqual([7, 93])
  })

  it('that would be empty are left out', () => {
    expect(sizes(many(3), { stages: [1, '10%', '100%'] })).toEqual([1, 2])
    expect(sizes(many(2), { stages: [5, '100%'] })).toEqual([2])
    expect(sizes([], { stages: [1, '100%'] })).toEqual([])
  })

  it('that end early leave the rest', () => {
    expect(stagesOf(many(4), { stages: [1, '50%'] })).toEqual({
      stages: [['h1'], ['h2']],
      rest: ['h3', 'h4'],
    })
  })

  it('begin with so many canaries of each group or role, which come first in their order', () => {
    const hosts = [
      one('a', { groups: ['web'] }),
      one('b', { groups: ['web'] }),
      one('c', { roles: ['db'] }),
      one('d', { groups: ['web'], roles: ['db'] }),
    ]
    expect(stagesOf(hosts, { stages: [1, '100%'], canaries: { web: 1, db: 1 } }).stages).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ])
    expect(stagesOf(hosts, { stages: [3, '100%'], canaries: { db: 1 } }).stages).toEqual([
      ['c', 'a', 'b'],
      ['d'],
    ])
    expect(stagesOf(hosts, { stages: ['100%'], canaries: { nothing: 3 } }).stages).toEqual([
      ['a', 'b', 'c', 'd'],
    ])
  })

  it('need no second canary where one host is both', () => {
    const hosts = [one('a', { groups: ['web', 'eu'] }), one('b', { groups: ['eu'] }), one('c')]
    expect(stagesOf(hosts, { stages: [1, '100%'], canaries: { web: 1, eu: 1 } }).stages).toEqual([
      ['a'],
      ['b', 'c'],
    ])
  })

  it('take from each zone in turn', () => {
    const hosts = ['n1', 'n2', 'n3', 's1', 's2', 'w1'].map(host => one(host, { zone: host[0] ?? '' }))
    expect(stagesOf(hosts, { stages: ['50%', '100%'], spread: true }).stages).toEqual([
      ['n1', 's1', 'w1'],
      ['n2', 's2', 'n3'],
    ])
  })

  it('are shuffled by a seed, the same way each time', () => {
    const order = (seed: string) => stagesOf(many(20), { stages: ['100%'], seed }).stages[0]
    expect(order('monday')).toEqual(order('monday'))
    expect(order('monday')).not.toEqual(order('tuesday'))
    expect(order('monday')?.toSorted()).toEqual(
      many(20)
        .map(({ host }) => host)
        .toSorted(),
    )
    expect(order('monday')).not.toEqual(many(20).map(({ host }) => host))
  })

  it('hold every host once, whatever is wished', () => {
    const amount = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 100 }).map(n => `${n}%`),
    )
    const host = fc.record({ groups: fc.subarray(['a', 'b']), zone: fc.constantFrom('x', 'y') })
    fc.assert(
      fc.property(
        fc.array(host, { maxLength: 30 }),
        fc.array(amount, { minLength: 1, maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 3 })),
        fc.boolean(),
        fc.option(fc.string(), { nil: undefined }),
        (hosts, stages, canaries, spread, seed) => {
          const all = hosts.map((more, at) => one(`h${at}`, more))
          const cut = stagesOf(all, { stages, canaries, spread, ...(seed === undefined ? {} : { seed }) })
          expect([...cut.stages.flat(), ...cut.rest].toSorted()).toEqual(
            all.map(({ host: name }) => name).toSorted(),
          )
          expect(cut.stages.every(stage => stage.length > 0)).toBe(true)
          expect(cut.rest.length === 0 || !stages.includes('100%')).toBe(true)
        },
      ),
    )
  })
})
