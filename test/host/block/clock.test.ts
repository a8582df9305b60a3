import { describe, expect, it } from 'vitest'
import { aHost, block, check, members, now, word } from './blocking.ts'

/* Of two controllers whose clocks differ by a day one is wrong: what the other said must not end for that. */

const DAY = 86_400
const NOBODY = 'fleet-allow4 198.51.100.7'
const standing = word('203.0.113.9', { until: now() + 3600 })
const MAP = '/etc/iptables/fleet/blocks/map'

/** As somebody says it whose clock is a day ahead. */
const tomorrow = (address: string) =>
  [[word(address, { until: now() + DAY + 600, at: Date.now() + DAY * 1000 })], { now: now() + DAY }] as const

describe('a block from a machine whose clock is a day ahead', () => {
  it('ends nothing that still has to stand, and its own in time; and it is told', async () => {
    const host = await aHost()
    await block(host, [standing])
    for (const last of [10, 11]) {
      const answer = await block(host, ...tomorrow(`203.0.113.${last}`))
      expect(answer).toMatchObject({ lacked: 1, unknown: expect.arrayContaining(['203.0.113.9']) })
      expect(answer.skew).toBeLessThan(-DAY + 60)
    }
    const all = [
      NOBODY,
      'fleet-block4 203.0.113.10 10 min',
      'fleet-block4 203.0.113.11 10 min',
      'fleet-block4 203.0.113.9 60 min',
    ]
    expect(await members(host)).toEqual(all)
    // Also where the sets have to be made anew.
    await host.must('ipset flush fleet-block4')
    await block(host, ...tomorrow('203.0.113.10'))
    expect(await members(host)).toEqual(all)
    const { skew, areSetsRight } = await check(host, now() + DAY)
    expect([skew, areSetsRight]).toEqual([0, true])
  })

  it('is believed where the clock of the host was set since, or was wrong when the other came', async () => {
    const host = await aHost()
    await block(host, [standing])
    await host.must(`sed -i '1s/since=/since=9/' ${MAP}`)
    await block(host, ...tomorrow('203.0.113.10'))
    expect(await members(host)).toEqual([NOBODY, 'fleet-block4 203.0.113.10 10 min'])

    const other = await aHost()
    await block(other, [word('203.0.113.9', { until: now() - DAY + 3600 })], { now: now() - DAY })
    await block(other, [word('203.0.113.10')])
    expect(await members(other)).toEqual([NOBODY, 'fleet-block4 203.0.113.10'])
  })
})
