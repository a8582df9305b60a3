import { describe, expect, it } from 'vitest'
import { aHost, block, check, members, raw, word } from './blocking.ts'

/* What somebody else has made by a name of ours, or has changed of ours since. */

const NOBODY = ['fleet-allow4 198.51.100.7']
const BLOCKED = [...NOBODY, 'fleet-block4 203.0.113.9']
const one = word('203.0.113.9')

describe('what somebody else calls by a name of ours', () => {
  it.each([
    ['a set of another type', 'ipset create fleet-block4 hash:ip; ipset add fleet-block4 198.51.100.9'],
    ['a set of the other family', 'ipset create fleet-block4-out hash:net family inet6'],
    [
      'a set for feeds of another size',
      'ipset create fleet-feeds4 hash:net; ipset add fleet-feeds4 192.0.2.1',
    ],
  ])('%s: refused, and nothing changed', async (_, made) => {
    const host = await aHost()
    await host.must(made)
    const before = await host.must('ipset save')
    await expect(block(host, [one])).rejects.toMatchObject({
      code: 'block-refused',
      args: { why: 'set-in-the-way', detail: expect.stringMatching(/^fleet-(block4(-out)?|feeds4)$/) },
    })
    expect(await host.must('ipset save')).toBe(before)
    expect(await raw(host)).not.toContain('FLEET')
  })

  it('sets and a chain that could have been ours: hold just what they should afterwards', async () => {
    const host = await aHost()
    await host.must(
      'ipset create fleet-block4 hash:net maxelem 4; ipset add fleet-block4 192.0.2.0/24; ipset create fleet-allow4 hash:net; ipset add fleet-allow4 203.0.113.0/24; ' +
        'ipset create fleet-block4-new hash:net maxelem 9; iptables -t raw -N FLEET-BLOCK; iptables -t raw -A FLEET-BLOCK -j ACCEPT; ' +
        'iptables -t raw -A PREROUTING -p udp -j ACCEPT; iptables -t raw -A PREROUTING -j FLEET-BLOCK; iptables -t raw -A OUTPUT -j FLEET-BLOCK',
    )
    expect(await block(host, [one])).toMatchObject({ isHookMade: true, hook: 'stands', isPersisted: true })
    expect(await members(host)).toEqual(BLOCKED)
    expect(await raw(host)).toMatch(
      /-A PREROUTING -j FLEET-BLOCK\n-A PREROUTING -p udp -j ACCEPT\n-A OUTPUT -j/,
    )
    expect(await raw(host)).not.toContain('-A FLEET-BLOCK -j ACCEPT')
  })
})

describe('what somebody has changed since', () => {
  it.each([
    ['the place', 'iptables -t raw -I PREROUTING -p tcp -j ACCEPT'],
    ['the place by IPv6', 'ip6tables -t raw -D OUTPUT -j FLEET-BLOCK'],
    ['the rules', 'iptables -t raw -R FLEET-BLOCK 1 -j RETURN'],
    ['all of it', 'iptables -t raw -F; iptables -t raw -X'],
  ])('%s: told, and put right by the next one', async (_, change) => {
    const host = await aHost()
    await block(host, [one])
    const before = await raw(host)
    await host.must(change)
    expect((await check(host)).hook).not.toBe('stands')
    expect(await block(host, [])).toMatchObject({ isHookMade: true })
    expect((await raw(host)).replace('-A PREROUTING -p tcp -j ACCEPT\n', '')).toBe(before)
  })

  it.each([
    ['an entry', 'ipset del fleet-block4 203.0.113.9'],
    ['one more', 'ipset add fleet-block4 203.0.113.77'],
    ['a way through', 'ipset add fleet-allow4 203.0.113.9'],
    ['a shorter time', 'ipset add fleet-block4 203.0.113.9 timeout 100 -exist'],
    ['no sets', 'iptables -t raw -F; ip6tables -t raw -F; ipset destroy'],
  ])('%s: told, and put right by the next one', async (_, change) => {
    const host = await aHost()
    await block(host, [one])
    await host.must(change)
    expect((await check(host)).areSetsRight).toBe(false)
    await block(host, [])
    expect(await members(host)).toEqual(BLOCKED)
  })

  it('the map on the disk: what is left of it holds, and the order is taken whole', async () => {
    const host = await aHost()
    await block(host, [one, word('203.0.113.10')])
    await host.must(
      'cd /etc/iptables/fleet/blocks && sed -i "s/^203.0.113.10 .*/203.0.113.10 bo\\x00th 1/; \\$ a garbage" map',
    )
    await block(host, [word('203.0.113.11')])
    expect(await members(host)).toEqual([
      ...NOBODY,
      ...['203.0.113.11', '203.0.113.9'].map(address => `fleet-block4 ${address}`),
    ])
    expect(await host.must('cat /etc/iptables/fleet/blocks/map')).not.toContain('garbage')
  })
})
