import { describe, expect, it } from 'vitest'
import { changesOf } from '../../../src/plan/changes.ts'
import type { DiffLine } from '../../../src/ruleset/diff.ts'

const line = (kind: DiffLine['kind'], text: string, chain = 'INPUT'): DiffLine => ({
  family: 4,
  table: 'filter',
  chain,
  kind,
  text,
})
const plan = (
  host: string,
  diff: readonly DiffLine[],
  verdict: 'change' | 'unchanged' | 'refused' = 'change',
) => ({
  host,
  verdict,
  diff,
})
const staying = (count: number) => Array.from({ length: count }, (_, at) => line(' ', `rule ${at}`))

describe('what is changed', () => {
  it('is told once for hosts with the same change, most hosts first, and of no others', () => {
    const [one, other] = [[line('+', 'a')], [line('-', 'b')]]
    const changes = changesOf([
      plan('h1', one),
      plan('h2', other),
      plan('h3', structuredClone(other)),
      plan('h4', [], 'unchanged'),
      plan('h5', other, 'refused'),
    ])
    expect(changes).toEqual([
      { type: 'change-planned', hosts: ['h2', 'h3'], diff: other },
      { type: 'change-planned', hosts: ['h1'], diff: one },
    ])
  })

  it('keeps three lines around a change, and says how many it left out', () => {
    const diff = [...staying(10), line('+', 'new'), ...staying(10), line('-', 'old'), line(' ', 'last')]
    const [change] = changesOf([plan('h', [...diff, line('+', 'x', 'OUTPUT')])])
    expect(change?.diff.map(({ kind, text, hidden }) => `${hidden ?? ''}${kind}${text}`)).toEqual([
      '7 rule 7',
      ' rule 8',
      ' rule 9',
      '+new',
      ' rule 0',
      ' rule 1',
      ' rule 2',
      '4 rule 7',
      ' rule 8',
      ' rule 9',
      '-old',
      ' last',
      '+x',
    ])
  })

  it('keeps nothing of a chain for the sake of its neighbour', () => {
    const others = ['b', 'c', 'd', 'e', 'f'].map(text => line(' ', text, 'OUTPUT'))
    const [change] = changesOf([plan('h', [line('+', 'a'), ...others, line('-', 'g', 'OUTPUT')])])
    expect(change?.diff.map(({ text, hidden = '' }) => hidden + text)).toEqual(['a', '2d', 'e', 'f', 'g'])
  })

  it('says how much more there is of a change that nobody reads to its end', () => {
    const [change] = changesOf([
      plan(
        'h',
        Array.from({ length: 1000 }, (_, at) => line('+', `${at}`)),
      ),
    ])
    expect(change).toMatchObject({ more: 600 })
    expect(change?.diff).toHaveLength(400)
  })
})
