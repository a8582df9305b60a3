import { describe, expect, it } from 'vitest'
import type { MiniHost } from '../program/mini-host.ts'
import { aHost, block, members, raw, word } from './blocking.ts'
import { ATTACKER, HOST, hold, wire } from './traffic.ts'

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

  it('needs none of the tools that blocking needs', async () => {
    const host = await aHost({ bare: true })
    await host.must('rm /usr/sbin/ipset /usr/sbin/iptables-save')
    expect(await block(host, [word('203.0.113.9')], { dry: true })).toMatchObject({ lacked: 1, live: [] })
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
  })
})
