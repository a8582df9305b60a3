import { describe, expect, it } from 'vitest'
import { sayCovered } from '../../../src/report/block-words.ts'
import { type Found, printFound } from '../../../src/report/blocks.ts'
import { say } from '../../../src/report/say.ts'
import { entry, STATE } from '../block/fixture.ts'

const found = (host: string, more: object = {}): Found => ({
  host,
  blocks: STATE,
  lacked: 0,
  refused: [],
  unknown: [],
  later: [],
  isFree: false,
  isBehindFeeds: false,
  ...more,
})
const REPAIR = /`fleet blocks --repair` sends the others what they lack\.\n$/

describe('what hosts have of the ledger', () => {
  it.each([
    ['has not heard of it', { lacked: 1 }],
    ['lacks the feeds', { isBehindFeeds: true }],
    ['lacks the feeds and has nothing else', { isBehindFeeds: true, isFree: true }],
    ['has lost its place', { blocks: { ...STATE, hook: 'missing' as const } }],
    ['would not after a reboot', { blocks: { ...STATE, isPersisted: false, why: 'timer' } }],
  ])('names a repair where a host %s', (_, more) => {
    expect(printFound([found('a'), found('b', more)])).toMatch(REPAIR)
  })

  it.each([
    ['goes by a later word', { later: [{ address: '203.0.113.9', at: 7 }] }],
    ['can not be read', { blocks: { ...STATE, hook: 'unreadable' as const } }],
    ['leaves out', { refused: [{ address: '203.0.113.9', what: 'gateway', covers: '203.0.113.9' }] }],
  ])('names none, which would change nothing, where a host %s', (_, more) => {
    const said = printFound([found('a'), found('b', more)])
    expect(said).toMatch(/^b: behind: it.*\n1 of 2 hosts: as the ledger says\.\n$/)
  })
})

describe('what overlaps an address that is unblocked', () => {
  const not = (covering: readonly string[], inside: readonly string[]) =>
    say({
      code: 'unblock-unknown',
      severity: 'error',
      args: { address: '10.0.0.0/16', covering, inside, nearest: null },
    })

  it('is said to cover it, or to be a part of it', () => {
    expect(not(['10.0.0.0/8'], [])).toMatch(/by itself\. It is covered by 10\.0\.0\.0\/8: unblock that\. `/)
    expect(not([], ['10.0.0.1', '10.0.0.2'])).toMatch(
      /by itself\. Blocked of it: 10\.0\.0\.1, 10\.0\.0\.2\. Unblock each\. `/,
    )
  })

  it('still blocks all of it, or a part', () => {
    const by = [entry('10.0.0.0/8'), entry('10.0.0.7')]
    expect(sayCovered([{ address: '10.0.0.0/16', by }], 0).map(line => line.split(',')[0])).toEqual([
      '10.0.0.0/16 is still blocked by 10.0.0.0/8',
      'Part of 10.0.0.0/16 is still blocked by 10.0.0.7',
    ])
  })
})
