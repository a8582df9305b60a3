import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/block/entry.ts'
import { meantBy, wantedBy } from '../../../src/block/wanted.ts'
import { entry as makeEntry } from './fixture.ts'

const NOW = 1_000_000
const entry = (address: string, at: number, more: Partial<Entry> = {}): Entry =>
  makeEntry(address, { until: NOW + 100, at, ...more })
const lifted = (at: number) => ({ lifted: { by: 'me@here', at } })

const hostsOf = (limit: string) => (limit === 'web' ? ['web1'] : [])
const wanted = (host: string, ...entries: readonly Entry[]) =>
  wantedBy(
    entries,
    hostsOf,
    NOW,
  )(host).map.map(line => `${line.address} ${line.direction} ${line.at} ${line.until - NOW} ${line.state}`)

describe('what a host is to have', () => {
  it('is what is for all, and what is for it, sorted as hosts sort', () => {
    const all = [
      entry('9.9.9.9', 1),
      entry('10.0.0.1', 2, { limit: 'web' }),
      entry('1.1.1.1', 3, { limit: 'db' }),
    ]
    expect(wanted('web1', ...all)).toEqual(['10.0.0.1 both 2 100 blocked', '9.9.9.9 both 1 100 blocked'])
    expect(wanted('db1', ...all)).toEqual(['9.9.9.9 both 1 100 blocked'])
  })

  it('has ranges as exactly their networks, and all of IPv4 as its halves', () => {
    expect(wanted('db1', entry('192.0.2.5-192.0.2.8', 1))).toEqual([
      '192.0.2.5 both 1 100 blocked',
      '192.0.2.6/31 both 1 100 blocked',
      '192.0.2.8 both 1 100 blocked',
    ])
    expect(wanted('db1', entry('0.0.0.0/0', 1))).toEqual([
      '0.0.0.0/1 both 1 100 blocked',
      '128.0.0.0/1 both 1 100 blocked',
    ])
  })

  it('stays blocked while one of several entries says so, and with the latest word', () => {
    const range = entry('192.0.2.6-192.0.2.8', 1)
    const inside = entry('192.0.2.6/31', 2, lifted(5))
    expect(wanted('db1', range, inside)).toContain('192.0.2.6/31 both 5 100 blocked')
    expect(wanted('db1', inside, range)).toContain('192.0.2.6/31 both 5 100 blocked')
    const forAll = entry('1.1.1.1', 1, { direction: 'in', until: NOW + 7 })
    const forWeb = entry('1.1.1.1', 2, { direction: 'out', limit: 'web' })
    expect(wanted('web1', forAll, forWeb)).toEqual(['1.1.1.1 both 2 100 blocked'])
    expect(wanted('web1', entry('1.1.1.1', 3, { until: 0 }), forWeb)).toEqual([
      `1.1.1.1 both 3 ${-NOW} blocked`,
    ])
  })

  it('has nothing of what is over, which the ledger still remembers, and all that this stood over', () => {
    const over = entry('1.1.1.1', 9, { until: NOW - 1, limit: 'web', evenSo: ['192.0.2.53'] })
    expect(wanted('web1', entry('1.1.1.1', 3, { until: 0, ...lifted(5) }), over)).toEqual([
      `1.1.1.1 both 5 ${-NOW} lifted`,
    ])
    expect(wantedBy([over, entry('1.1.1.2', 1)], hostsOf, NOW)('web1').even).toEqual([])
  })

  it('is lifted where all of them are, or the others are over', () => {
    const forWeb = entry('1.1.1.1', 2, { limit: 'web', ...lifted(4) })
    expect(wanted('web1', entry('1.1.1.1', 1, lifted(3)), forWeb)).toEqual(['1.1.1.1 both 4 100 lifted'])
    expect(wanted('web1', entry('1.1.1.1', 1, { until: NOW - 1 }), forWeb)).toEqual([
      '1.1.1.1 both 4 100 lifted',
    ])
  })

  it('may cover what somebody named, as long as that is blocked', () => {
    const even = (...entries: readonly Entry[]) => wantedBy(entries, hostsOf, NOW)('db1').even
    expect(even(entry('1.1.1.0/24', 1, { evenSo: ['1.1.1.7', '1.1.1.8-1.1.1.9'] }))).toEqual([
      '1.1.1.7',
      '1.1.1.8/31',
    ])
    expect(even(entry('1.1.1.0/24', 1, { evenSo: ['1.1.1.7'], ...lifted(2) }))).toEqual([])
  })
})

it('tells the networks of these entries from all others of a map', () => {
  const isMeant = meantBy([entry('192.0.2.5-192.0.2.8', 1), entry('0.0.0.0/0', 2)])
  expect(['192.0.2.6/31', '128.0.0.0/1', '192.0.2.6', '0.0.0.0/0'].map(isMeant)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
