import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { persistBlocks, removeBlocks } from '../../../src/host/block.ts'
import { hashBlocks, mergeBlocks } from '../../../src/model/block.ts'
import { persistentFiles } from '../program/debian.ts'
import { listed, put } from '../program/mini-host.ts'
import { over } from '../program/steps.ts'
import { aHost, block, boot, check, members, now, raw, word } from './blocking.ts'

const lines = [
  word('203.0.113.9', { until: now() + 3600 }),
  word('203.0.113.10'),
  word('2001:db8::/32', { until: now() + 600, direction: 'in' }),
]
const hash = () => hashBlocks(mergeBlocks([lines], now()))

describe('a block that is persisted', () => {
  it.each(['dash', 'busybox', 'bash'] as const)('is there after a boot (%s)', async shell => {
    const host = await aHost({ shell, backend: shell === 'bash' ? 'legacy' : 'nft' })
    expect(await block(host, lines)).toMatchObject({ isPersisted: true, hash: hash() })
    const before = { raw: await raw(host), members: await members(host) }
    await boot(host)
    expect({ raw: await raw(host), members: await members(host) }).toEqual(before)
    expect(await check(host)).toEqual({
      hash: hash(),
      entries: 3,
      hook: 'stands',
      areSetsRight: true,
      isPersisted: true,
      skew: 0,
    })
  })

  it('comes back before rules that refer to its sets, and stands before them', async () => {
    const host = await aHost()
    await block(host, lines)
    await host.must('netfilter-persistent save')
    put(
      host,
      'usr/share/netfilter-persistent/plugins.d/35-late',
      '#!/bin/sh\n[ "$1" != start ] || iptables -t raw -I PREROUTING -j ACCEPT\n',
    )
    await host.must('chmod 755 /usr/share/netfilter-persistent/plugins.d/35-late')
    const before = await raw(host)
    await boot(host)
    expect(await raw(host)).toBe(
      before.replace(
        '-A PREROUTING -j FLEET-BLOCK\n',
        '-A PREROUTING -j FLEET-BLOCK\n-A PREROUTING -j ACCEPT\n',
      ),
    )
  })

  it('does not come back once it is over, whatever the clock of the host says', async () => {
    const host = await aHost()
    const day = 86_400
    // The host believes that it is tomorrow: told by a controller of yesterday.
    await block(
      host,
      [
        word('203.0.113.9', { until: now() - day + 3600 }),
        word('203.0.113.10', { until: now() - day + 1 }),
      ].map(line => ({ ...line, at: line.at - day * 1000 })),
      { now: now() - day },
    )
    expect((await check(host, now() - day)).skew).toBeGreaterThanOrEqual(day - 2)
    await host.must('sleep 1.1')
    await boot(host)
    expect(await members(host)).toEqual(['fleet-allow4 198.51.100.7', 'fleet-block4 203.0.113.9 60 min'])
  })

  it('is said not to be where a boot would not block, and is tried again', async () => {
    const host = await aHost()
    const bad = '/usr/share/netfilter-persistent/plugins.d/50-flush'
    await host.must(`printf '#!/bin/sh\\niptables -t raw -F\\n' >${bad}; chmod 755 ${bad}`)
    expect(await block(host, lines)).toMatchObject({ isPersisted: false, why: 'rehearsal', hash: hash() })
    expect(await check(host)).toMatchObject({ isPersisted: false, hook: 'stands' })
    await host.must(`rm ${bad}`)
    expect(await over(host, session => persistBlocks(session, now()))).toMatchObject({ isPersisted: true })
  })

  it('boots with the program of the last fleet that was here', async () => {
    const host = await aHost()
    await block(host, lines)
    const files = '/etc/iptables/fleet/blocks'
    await host.must(`echo 'exit 1' >${files}/program.sh; echo host-0123456789abcdef.sh >${files}/rehearsed`)
    expect(await block(host, [])).toMatchObject({ isPersisted: true })
    const before = await members(host)
    await boot(host)
    expect(await members(host)).toEqual(before)
  })

  it('waits for the packages', async () => {
    const host = await aHost({ bare: true })
    expect(await block(host, lines)).toMatchObject({ isPersisted: false, why: 'packages' })
    execFileSync('cp', ['-a', `${persistentFiles()}/.`, host.root])
    expect(await over(host, session => persistBlocks(session, now()))).toMatchObject({ isPersisted: true })
    await boot(host)
    expect(await check(host)).toMatchObject({ hook: 'stands', areSetsRight: true, hash: hash() })
  })
})

describe('blocks that are removed', () => {
  it('leave nothing', async () => {
    const host = await aHost()
    await block(host, lines)
    await host.must('netfilter-persistent save')
    await over(host, removeBlocks)
    expect(await raw(host)).not.toContain('FLEET')
    expect(await host.must('ipset list -n')).toBe('')
    expect(listed(join(host.root, 'etc/iptables'))).toEqual(['rules.v4', 'rules.v6'])
    expect(readFileSync(join(host.root, 'etc/iptables/rules.v4'), 'utf8')).not.toContain('FLEET')
    expect(listed(join(host.root, 'usr/share/netfilter-persistent/plugins.d'))).toEqual([
      '15-ip4tables',
      '25-ip6tables',
    ])
    expect(listed(join(host.root, 'run/fleet'))).toEqual([])
    await boot(host)
    expect(await check(host)).toMatchObject({ hook: 'missing', entries: 0, isPersisted: false })
    await over(host, removeBlocks)
  })
})
