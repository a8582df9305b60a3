import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/block/entry.ts'
import { coveredBy } from '../../../src/block/protect.ts'
import { refuseOverfull } from '../../../src/block/room.ts'
import { entry } from './fixture.ts'

const NOW = 1_000_000

describe('more than a host has room for', () => {
  const refuse = (added: readonly Entry[], known: readonly Entry[]) => () =>
    refuseOverfull(added, known, NOW, 4)

  it('is refused before it is noted, with what is blocked already', () => {
    const known = [entry('1.1.1.1'), entry('1.1.1.2')]
    expect(refuse([entry('1.1.1.3'), entry('1.1.1.4')], known)).not.toThrow()
    expect(refuse([entry('1.1.1.3-1.1.1.6')], known)).toThrow(/block-too-many/)
  })

  it('counts what stands, once, by itself in each set', () => {
    const over = ['2.2.2.1', '2.2.2.2', '2.2.2.3'].map(address => entry(address, { until: NOW - 1 }))
    const lifted = entry('3.3.3.3', { lifted: { by: 'me@here', at: 2 } })
    const others = [entry('2001:db8::1'), entry('1.1.1.9', { direction: 'in' })]
    const four = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'].map(address => entry(address))
    expect(refuse(four, [...over, lifted, ...others, ...four])).not.toThrow()
  })
})

describe('what is blocked and should not be by now', () => {
  const guarded = [{ what: 'host' as const, name: 'new', cidr: '203.0.113.7' }]

  it('is told, but for what somebody wanted so', () => {
    const network = entry('203.0.113.0/24')
    expect(coveredBy([network, entry('198.51.100.1')], guarded)).toMatchObject([
      { code: 'block-covers', severity: 'warning', args: { address: '203.0.113.0/24', name: 'new' } },
    ])
    expect(coveredBy([{ ...network, evenSo: ['203.0.113.7'] }], guarded)).toEqual([])
  })
})
