import { expect, it } from 'vitest'
import type { BlockOutcome } from '../../../src/block/event.ts'
import { rejectedBy, sayRejected } from '../../../src/block/rejected.ts'
import { entry, STATE } from './fixture.ts'

const refusing = (
  ...refused: readonly (readonly [address: string, what: string])[]
): Pick<BlockOutcome, 'answer'> => ({
  answer: { ...STATE, refused: refused.map(([address, what]) => ({ address, what, covers: '192.0.2.1' })) },
})
const added = ['192.0.2.0/30', '198.51.100.0-198.51.100.2', '203.0.113.9'].map(address => entry(address))
type Told = Pick<BlockOutcome, 'answer' | 'finding'>
const told = (...outcomes: readonly Told[]) =>
  rejectedBy(
    outcomes.map((one, at) => ({ host: `web${at + 1}`, ...one })),
    added,
  )
const rejected = (...outcomes: readonly Told[]) =>
  told(...outcomes).flatMap(({ entry, except }) => (except ? [] : entry.address))

it('rejects for all what most hosts see somebody come from', () => {
  const [one, range] = [refusing(['192.0.2.0/30', 'client']), refusing(['198.51.100.0/31', 'client'])]
  expect(rejected(one, one, refusing())).toEqual(['192.0.2.0/30'])
  expect(rejected(range, range, refusing())).toEqual(['198.51.100.0-198.51.100.2'])
  expect(rejected(one)).toEqual(['192.0.2.0/30'])
})

it('rejects what everybody who answered leaves out, and nothing that one of them takes', () => {
  const resolver = refusing(['192.0.2.0/30', 'resolver'])
  expect(rejected(resolver, resolver, {})).toEqual(['192.0.2.0/30'])
  expect(rejected(resolver, refusing())).toEqual([])
  expect(rejected(refusing(['198.51.100.0/31', 'gateway']))).toEqual([])
  expect(rejected({}, {})).toEqual([])
})

it('counts a host once, however often it says so', () => {
  const often = refusing(['203.0.113.9', 'gateway'], ['203.0.113.9', 'gateway'], ['203.0.113.9', 'gateway'])
  expect(rejected(often, refusing(), refusing())).toEqual([])
})

it('counts a host that has nothing left to block, and says so by its error', () => {
  const refuses = (...covers: readonly string[]) => ({
    finding: { code: 'block-refused', severity: 'error' as const, args: { why: 'protected', covers } },
  })
  expect(rejected(refuses('192.0.2.0/30 gateway 192.0.2.1'), refuses('192.0.2.0/30 own 192.0.2.2'))).toEqual([
    '192.0.2.0/30',
  ])
  const client = refuses('203.0.113.9 client 203.0.113.9')
  expect(rejected(client, client, refusing())).toEqual(['203.0.113.9'])
  expect(rejected(refuses('192.0.2.0/30 gateway 192.0.2.1'), refusing())).toEqual([])
  expect(rejected(refuses(), refuses())).toEqual([])
})

it('believes a few hosts that see somebody come from there for themselves alone', () => {
  const from = refusing(['203.0.113.9', 'client'], ['198.51.100.0/31', 'client'])
  const found = told(refusing(), from, refusing())
  expect(found.map(({ entry, except }) => [entry.address, except])).toEqual([
    ['198.51.100.0-198.51.100.2', ['web2']],
    ['203.0.113.9', ['web2']],
  ])
  expect(sayRejected(found).map(({ code }) => code)).toEqual(['block-excepted', 'block-excepted'])
  expect(rejected(refusing(), from, from, from)).toHaveLength(2)
  // One that somebody else has taken over, of two.
  for (const all of [
    [from, refusing()],
    [from, from, refusing(), refusing()],
  ])
    expect(told(...all).map(({ except }) => except?.length)).toEqual([all.length / 2, all.length / 2])
})
