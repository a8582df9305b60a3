import { describe, expect, it } from 'vitest'
import { differenceOf } from '../../../src/feeds/lists.ts'
import { type FeedOrder, sendFeeds } from '../../../src/host/feeds.ts'
import { sha256 } from '../../../src/host/pieces.ts'
import type { MiniHost } from '../program/mini-host.ts'
import { aHost, block, members, now, word } from './blocking.ts'
import { ATTACKER, flood, wire } from './traffic.ts'

const list = (...networks: readonly string[]) =>
  networks
    .toSorted()
    .map(one => `${one}\n`)
    .join('')

async function send(host: MiniHost, text: string, more: Partial<FeedOrder> = {}) {
  const session = await host.connect()
  try {
    return await sendFeeds(session, { now: now(), at: 1000, hash: sha256(text), text, ...more })
  } finally {
    await session.close()
  }
}

const change = (host: MiniHost, before: string, after: string, more: Partial<FeedOrder> = {}) =>
  send(host, differenceOf(before, after), { hash: sha256(after), base: sha256(before), ...more })

const feedsOf = async (host: MiniHost) => (await members(host)).filter(one => one.startsWith('fleet-feeds'))
const kept = async (host: MiniHost) => host.must('cat /etc/iptables/fleet/blocks/feeds')

const FIRST = list('45.1.1.0/24', '45.2.2.2', '2600::/32', '2600:1::1')
const SECOND = list('45.1.1.0/24', '45.2.2.3', '45.9.0.0/16', '2600:1::1')
const SECOND_SETS = [
  'fleet-feeds4 45.1.1.0/24',
  'fleet-feeds4 45.2.2.3',
  'fleet-feeds4 45.9.0.0/16',
  'fleet-feeds6 2600:1::1',
]

describe.each([
  ['nft', 'dash'],
  ['legacy', 'busybox'],
  ['nft', 'bash'],
] as const)('feeds on a host with %s and %s', (backend, shell) => {
  it('come whole, then as differences, and the same list changes nothing', async () => {
    const host = await aHost({ backend, shell })
    await block(host, [])
    expect(await send(host, FIRST)).toEqual({ did: 'changed', hash: sha256(FIRST), isStored: true })
    expect(await feedsOf(host)).toEqual([
      'fleet-feeds4 45.1.1.0/24',
      'fleet-feeds4 45.2.2.2',
      'fleet-feeds6 2600:1::1',
      'fleet-feeds6 2600::/32',
    ])
    expect(await change(host, FIRST, SECOND)).toMatchObject({ did: 'changed', hash: sha256(SECOND) })
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
    expect(await kept(host)).toBe(`#fleet-feeds 1 1000 ${sha256(SECOND)}\n${SECOND}`)
    expect(await send(host, SECOND)).toMatchObject({ did: 'stood' })
    expect(await change(host, SECOND, '')).toMatchObject({ did: 'changed', hash: sha256('') })
    expect(await feedsOf(host)).toEqual([])
  })
})

describe('feeds', () => {
  it('need the hook', async () => {
    const host = await aHost()
    await expect(send(host, FIRST)).rejects.toMatchObject({ code: 'block-refused', args: { why: 'no-hook' } })
    expect(await members(host)).toEqual([])
  })

  it('as differences from another list change nothing: the host says which one it has', async () => {
    const host = await aHost()
    await block(host, [])
    const third = list('45.3.3.3')
    expect(await change(host, FIRST, SECOND)).toEqual({ did: 'other', hash: 'none', isStored: true })
    await send(host, third)
    expect(await change(host, FIRST, SECOND)).toMatchObject({ did: 'other', hash: sha256(third) })
    await host.must("sed -i 's/45.3.3.3/45.3.3.4/' /etc/iptables/fleet/blocks/feeds")
    expect(await change(host, third, SECOND)).toMatchObject({ did: 'other', hash: 'none' })
    expect(await feedsOf(host)).toEqual(['fleet-feeds4 45.3.3.3'])
    expect(await send(host, SECOND)).toMatchObject({ did: 'changed' })
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
  })

  it('are never older than those that a host has', async () => {
    const host = await aHost()
    await block(host, [])
    await send(host, SECOND, { at: 2000 })
    expect(await send(host, FIRST, { at: 1999 })).toMatchObject({ did: 'newer', hash: sha256(SECOND) })
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
  })

  it('that cover what the host is or lives by are refused as a whole', async () => {
    const host = await aHost()
    await host.must('ip address add 45.7.7.1/24 dev lo; ip address add 2600:7::1/64 dev lo')
    await host.must('echo nameserver 9.9.9.9 >/etc/resolv.conf')
    await block(host, [])
    await send(host, FIRST)
    const refused: readonly (readonly [string, string])[] = [
      ['45.7.0.0/16', '45.7.7.1 own'],
      ['2600:7::/32', 'own'],
      ['9.9.9.9', '9.9.9.9 resolver'],
      ['198.51.100.0/24', '198.51.100.7 client'],
      ['127.0.0.0/8', '127.0.0.0/8 reserved'],
      ['0.0.0.0/1', '0.0.0.0/1 reserved'],
      ['fe80::/10', 'fe80::/10 reserved'],
    ]
    for (const [bad, why] of refused) {
      const covers = expect.arrayContaining([expect.stringContaining(why)])
      const sent = send(host, list(...FIRST.trim().split('\n'), bad))
      await expect(sent).rejects.toMatchObject({ code: 'feeds-refused', args: { covers } })
    }
    expect(await feedsOf(host)).toHaveLength(4)
    expect(await host.must('ipset list -n')).not.toContain('-new')
    expect(await kept(host)).toContain(sha256(FIRST))
  })

  it('are put right where somebody changed the sets, and stay while blocks come and go', async () => {
    const host = await aHost()
    await block(host, [])
    await send(host, SECOND)
    await host.must('ipset del fleet-feeds4 45.2.2.3; ipset add fleet-feeds4 45.66.0.0/16')
    expect(await send(host, SECOND)).toMatchObject({ did: 'changed' })
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
    await host.must('ipset create fleet-feeds4-new hash:ip; ipset add fleet-feeds4-new 1.2.3.4')
    await change(host, SECOND, FIRST)
    await block(host, [word('203.0.113.9')])
    expect(await feedsOf(host)).toHaveLength(4)
  })

  it('come back with a boot', async () => {
    const host = await aHost()
    await block(host, [])
    await send(host, SECOND)
    await host.must(
      'iptables -t raw -F; ip6tables -t raw -F; iptables -t raw -X; ip6tables -t raw -X; ipset destroy',
    )
    await host.must('netfilter-persistent start')
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
    await host.must('ipset flush fleet-feeds4; sh /etc/iptables/fleet/blocks/program.sh "" block-refresh')
    expect(await feedsOf(host)).toEqual(SECOND_SETS)
  })

  it('protect at every moment while they are swapped', async () => {
    const host = await aHost()
    await wire(host)
    await block(host, [])
    const others = (from: number) =>
      Array.from({ length: 20_000 }, (_, at) => `45.${from}.${at >> 8}.${at & 255}`)
    await send(host, list(ATTACKER[4], ...others(0)))
    const { dropped, passed } = await flood(host, 'fleet-feeds4')
    for (let round = 1; round <= 6; round++) {
      const before = await dropped()
      await send(host, list(ATTACKER[4], ...others(round)))
      expect((await dropped()) - before).toBeGreaterThan(0)
    }
    expect(await passed()).toBe(0)
  })
})
