import { describe, expect, it } from 'vitest'
import type { MiniHost } from '../program/mini-host.ts'
import { aHost, block, instead, members, raw, word } from './blocking.ts'
import { ATTACKER, HOST, hold, NEIGHBOUR, wire } from './traffic.ts'

/** Somebody who is connected to the host, to a container behind it, and by IPv6. */
async function connected(host: MiniHost): Promise<void> {
  await wire(host)
  await hold(host, { from: 'far', to: HOST[4], by: ATTACKER[4] })
  await hold(host, { from: 'far', to: HOST[4], by: ATTACKER[4], port: 8080 })
  await hold(host, { from: 'far', to: HOST[6], by: ATTACKER[6] })
}

describe('a block that is only tried', () => {
  it('says whom it would hit and what it would not do, and changes nothing', async () => {
    const host = await aHost()
    await connected(host)
    const lines = [
      word('203.0.113.8/29', {}),
      word('2001:db8::9'),
      word('192.0.2.0/24'),
      word('198.51.100.7'),
    ]
    const answer = await block(host, lines, { dry: true })
    expect(answer).toMatchObject({
      hook: 'missing',
      lacked: 3,
      refused: [{ address: '198.51.100.7', what: 'client', covers: '198.51.100.7' }],
    })
    expect(answer.live).toEqual([
      { address: '2001:db8::9', connections: 1 },
      { address: '203.0.113.8/29', connections: 2 },
    ])
    expect(await members(host)).toEqual([])
    expect(await raw(host)).not.toContain('FLEET')
  })

  it('needs none of the tools that blocking needs, and leaves nothing', async () => {
    const host = await aHost({ bare: true })
    await host.must('rm /usr/sbin/ipset /usr/sbin/iptables-save; rmdir /var/lib/fleet')
    expect(await block(host, [word('203.0.113.9')], { dry: true })).toMatchObject({ lacked: 1, live: [] })
    await host.must('test ! -e /var/lib/fleet -a ! -e /run/fleet')
  })
})

/** A network in which this host is, too, and of which somebody is let through. */
const around = {
  lines: [word('203.0.113.0/24'), word('2001:db8::/64')],
  order: { even: [HOST[4], HOST[6]], allow: [NEIGHBOUR[4]] },
}

describe('who is let through', () => {
  it('is neither told nor ended', async () => {
    const host = await aHost()
    await connected(host)
    const friend = await hold(host, { from: 'far', to: HOST[4], by: NEIGHBOUR[4], port: 8080 })
    await hold(host, { from: 'far', to: HOST[4], by: NEIGHBOUR[4] })
    const { live } = await block(host, around.lines, { ...around.order, dry: true })
    expect(live).toEqual([
      { address: '2001:db8::/64', connections: 1 },
      { address: '203.0.113.0/24', connections: 2 },
    ])
    const ids = () => host.must(`conntrack -L -o id -s ${NEIGHBOUR[4]} 2>/dev/null | grep -o 'id=.*' | sort`)
    const before = await ids()
    expect((await block(host, around.lines, { ...around.order, kill: true })).killed).toBeGreaterThan(0)
    expect(await ids()).toBe(before)
    expect(await friend.flows()).toBe(true)
  })
})

describe('a block that ends connections', () => {
  it('lets conntrack forget them', async () => {
    const host = await aHost()
    await connected(host)
    const answer = await block(host, [word('203.0.113.9'), word('2001:db8::9')], { kill: true })
    expect(answer.killed).toBeGreaterThanOrEqual(2)
    expect(await host.must('conntrack -L 2>/dev/null; conntrack -L -f ipv6 2>/dev/null')).not.toMatch(
      /203\.0\.113\.9|2001:db8::9/,
    )
    await host.must('rm /usr/sbin/conntrack')
    const { killed, client } = await block(host, [word('203.0.113.8')], { kill: true })
    expect([killed, client]).toEqual([undefined, '198.51.100.7'])
  })

  it('is kept before it ends thousands of them, and leaves some rather than the rest undone', async () => {
    const host = await aHost()
    await wire(host)
    const flow = (end: number) =>
      `conntrack -I -p tcp -s 203.0.113.${end} -d ${HOST[4]} --sport 1000 --dport 80 --state ESTABLISHED -t 600`
    await host.must(Array.from({ length: 40 }, (_, at) => flow(at + 100)).join(' && '))
    const isKept = 'grep -q "^203.0.113.64/26 " /etc/iptables/fleet/blocks/map'
    await instead(
      host,
      'conntrack',
      `case "$*" in *-D*) ${isKept} || echo early >/early; sleep 1 ;; esac\nexec $real "$@"`,
    )
    const network = [word('203.0.113.64/26'), word('203.0.113.128/26')]
    const { killed = 0, isPersisted } = await block(host, network, { kill: true })
    expect(killed).toBeGreaterThan(0)
    expect(killed).toBeLessThan(40)
    expect(isPersisted).toBe(true)
    await host.must('test ! -e /early')
  })
})
