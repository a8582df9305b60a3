import { describe, expect, it } from 'vitest'
import { removeBlocks } from '../../../src/host/block.ts'
import { sendFeeds } from '../../../src/host/feeds.ts'
import { observeBefore } from '../../../src/host/observe.ts'
import { sha256 } from '../../../src/host/pieces.ts'
import { readStatus } from '../../../src/host/status.ts'
import { hashBlocks } from '../../../src/model/block.ts'
import { findBehind } from '../../../src/plan/blocks.ts'
import { look, type Wanted, wanted } from '../program/change.ts'
import { forgotten, removing, traces } from '../program/removing.ts'
import { confirmed, over, persisted, rules } from '../program/steps.ts'
import { aHost, block, boot, check, now, order, raw, word } from './blocking.ts'

/* Blocks and generations on one host: neither takes the other's place, word or files. */

const BAD = word('203.0.113.9')
const ledger = { hash: hashBlocks(order([BAD]).map), entries: 1 }

/** Rules of a role in raw itself. */
const inRaw: Wanted = {
  rules: {
    4: `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 9 -j DROP\nCOMMIT\n${wanted().rules[4]}`,
    6: wanted().rules[6],
  },
}

const seen = (host: Awaited<ReturnType<typeof aHost>>) => over(host, session => look(session, inRaw))

describe('blocks beside generations', () => {
  it('are told to who looks, and what is behind is known', async () => {
    const host = await aHost()
    expect((await seen(host)).blocks).toBeUndefined()
    expect(findBehind(await seen(host), ledger)?.args.why).toBe('missing')
    await block(host, [BAD])
    expect((await seen(host)).blocks).toEqual({ hash: ledger.hash, isPersisted: true })
    expect(findBehind(await seen(host), ledger)).toBeUndefined()
    expect(findBehind(await seen(host), { ...ledger, hash: 'another' })?.args.why).toBe('other')
    expect(await over(host, readStatus)).toMatchObject({
      isTouched: false,
      blocks: { hash: ledger.hash, isPersisted: true },
    })
    const list = '45.1.1.0/24\n'
    const feeds = { hash: sha256(list), networks: 1, at: 1000 }
    expect(findBehind(await seen(host), { ...ledger, feeds })?.args.why).toBe('feeds')
    await over(host, session => sendFeeds(session, { now: now(), at: 1000, hash: feeds.hash, text: list }))
    expect((await seen(host)).blocks?.feeds).toEqual({ hash: feeds.hash, at: 1000 })
    expect(findBehind(await over(host, readStatus), { ...ledger, feeds })).toBeUndefined()
    await host.must('iptables -t raw -I OUTPUT -j ACCEPT')
    expect(findBehind(await seen(host), ledger)?.args.why).toBe('hook')
    await host.must('iptables -t raw -D OUTPUT -j ACCEPT; ip6tables -t raw -A FLEET-BLOCK -j RETURN')
    expect(findBehind(await seen(host), ledger)?.args.why).toBe('hook')
    await block(host, [BAD])
    await host.must('rm /usr/share/netfilter-persistent/plugins.d/40-fleet-block')
    expect(findBehind(await seen(host), ledger)?.args.why).toBe('boot')
  })

  it('are told as they are by the last word, whichever file has it', async () => {
    const host = await aHost()
    for (const last of [9, 10, 11]) {
      const lines = Array.from({ length: last - 8 }, (_, at) => word(`203.0.113.${at + 9}`, { at: BAD.at }))
      await block(host, lines)
      expect(await over(host, readStatus)).toMatchObject({
        blocks: { hash: hashBlocks(order(lines).map), isPersisted: true },
      })
    }
  })

  it('stay first when rules come into raw, and a boot loads and blocks the same', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    await block(host, [BAD])
    await persisted(host, inRaw)
    expect(await raw(host)).toContain(
      '-A PREROUTING -j FLEET-BLOCK\n-A PREROUTING -p tcp -m tcp --dport 9 -j DROP\n',
    )
    expect(await check(host)).toMatchObject({ hook: 'stands', isPersisted: true })
    const live = await rules(host)
    await boot(host)
    expect(await rules(host)).toBe(live)
    expect(await check(host)).toMatchObject({ hook: 'stands', areSetsRight: true })
    expect(findBehind(await seen(host), ledger)).toBeUndefined()
    expect(await seen(host)).toMatchObject({ asConfirmed: true, generation: { whole: true, linked: true } })
  })

  it('come first again where rules came before them', async () => {
    const host = await aHost()
    await block(host, [BAD])
    await host.must('iptables -t raw -D PREROUTING -j FLEET-BLOCK')
    await persisted(host, inRaw)
    await block(host, [BAD])
    expect(await raw(host)).toContain(
      '-A PREROUTING -j FLEET-BLOCK\n-A PREROUTING -p tcp -m tcp --dport 9 -j DROP\n',
    )
  })

  it('stay where fleet goes, and go alone', async () => {
    const host = await aHost()
    await persisted(host, inRaw)
    await block(host, [BAD])
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await forgotten(host, transaction)
    expect(await check(host)).toMatchObject({ hook: 'stands', areSetsRight: true, isPersisted: true })
    expect(await raw(host)).not.toContain('--dport 9')
    await host.must('test ! -e /etc/iptables/fleet/current -a ! -e /etc/iptables/fleet/gen-000000')
    expect(await over(host, observeBefore)).toMatchObject({ before: { isTouched: false } })
    await boot(host)
    expect(await check(host)).toMatchObject({ hook: 'stands', areSetsRight: true })
    await over(host, removeBlocks)
    await host.must('rm -rf /var/lib/fleet /run/fleet')
    expect(traces(host)).toEqual([])
    expect(await raw(host)).not.toContain('FLEET-BLOCK')
  })
})
