import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BlockLine, hashBlocks, mergeBlocks } from '../../../src/model/block.ts'
import type { MiniHost } from '../program/mini-host.ts'
import { aHost, block, boot, members, now } from './blocking.ts'

/* The shell of a host and the controller make the same of all that was ever said, whatever came first. */

const ADDRESSES = ['203.0.113.9', '203.0.112.0/23', '9.9.9.9', '2001:db8::9', '2001:db8::/32']
const START = Math.floor(Date.now() / 1000)

const line = fc.record({
  address: fc.constantFrom(...ADDRESSES),
  direction: fc.constantFrom('in' as const, 'out' as const, 'both' as const),
  at: fc.integer({ min: 0, max: 2 }).map(late => (START - 1000 + late) * 1000),
  until: fc.constantFrom(0, START + 7200, START + 86_400 * 60),
  state: fc.constantFrom('blocked' as const, 'blocked' as const, 'lifted' as const),
})
const orders = fc.array(fc.array(line, { maxLength: 5 }), { minLength: 5, maxLength: 9 })

/** Two who say the same but for one thing at once, the one and the other first. */
const AT_ONCE = [
  { direction: 'in', until: 0, state: 'blocked' },
  { direction: 'out', until: 0, state: 'blocked' },
  { direction: 'out', until: START + 7200, state: 'blocked' },
  { direction: 'out', until: 0, state: 'lifted' },
] as const
const said = AT_ONCE.map(words => [{ address: '203.0.113.9', at: START * 1000, ...words }])
const examples: [BlockLine[][]][] = [[said], [said.toReversed()]]

/** What the sets of a map hold, without the time that is left. */
const setsOf = (map: readonly BlockLine[]) =>
  map
    .filter(({ state }) => state === 'blocked')
    .map(({ address, direction }) => {
      const way = direction === 'both' ? '' : `-${direction}`
      return `fleet-block${address.includes(':') ? 6 : 4}${way} ${address}`
    })

/** The same of a host, as its kernel has it. */
const standing = async (host: MiniHost) =>
  (await members(host))
    .filter(one => one.startsWith('fleet-block'))
    .map(one => one.replace(/ \d+ min$/, ''))
    .toSorted()

async function holds(host: MiniHost, given: readonly (readonly BlockLine[])[]): Promise<void> {
  let known: readonly BlockLine[] = []
  for (const lines of given) {
    const wanted = mergeBlocks([lines], now())
    known = mergeBlocks([known, wanted], now())
    const { hash, unknown } = await block(host, lines)
    expect(hash).toBe(hashBlocks(known))
    const said = new Set(wanted.map(({ address }) => address))
    const more = known.filter(({ state, address }) => state === 'blocked' && !said.has(address))
    expect(unknown.toSorted()).toEqual(more.map(({ address }) => address).toSorted())
    expect(await standing(host)).toEqual(setsOf(known).toSorted())
  }
  await boot(host)
  expect(await standing(host)).toEqual(setsOf(known).toSorted())
}

describe('what several orders come to', () => {
  it('is the same on a host as here, and after a boot', async () => {
    const tried = fc.asyncProperty(orders, async given => {
      const host = await aHost()
      await holds(host, given)
      await host.stop()
    })
    const numRuns = process.env.FLEET_TEST_LONG ? 100 : 8
    await expect(fc.assert(tried, { numRuns, examples })).resolves.toBeUndefined()
  })
})
