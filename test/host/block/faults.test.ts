import { describe, expect, it } from 'vitest'
import { persistBlocks } from '../../../src/host/block.ts'
import { blockProgram } from '../../../src/host/program.ts'
import { hashBlocks, mergeBlocks } from '../../../src/model/block.ts'
import { type MiniHost, until } from '../program/mini-host.ts'
import { over } from '../program/steps.ts'
import { aHost, block, boot, check, instead, members, now, raw, word } from './blocking.ts'

const BLOCKED = ['fleet-allow4 198.51.100.7', 'fleet-block4 203.0.113.9']
const one = word('203.0.113.9')

const asBefore = (host: MiniHost) => host.must('rm -f /usr/local/sbin/*')

describe('a host that cannot', () => {
  it.each(['ipset', 'iptables-restore', 'ip6tables-save', 'setsid'])('without %s: says so', async tool => {
    const host = await aHost()
    await host.must(`rm -f /usr/sbin/${tool} /usr/bin/${tool}`)
    const failure = { code: 'block-refused', args: { why: 'lacks', detail: tool } }
    await expect(block(host, [one])).rejects.toMatchObject(failure)
    expect(await host.must('iptables-save -t raw 2>/dev/null; true')).not.toContain('FLEET')
  })

  it('load a set: says what ipset says, and nothing is changed', async () => {
    const host = await aHost()
    await instead(host, 'ipset', 'echo "ipset v7: Cannot open session to kernel." >&2; exit 1')
    await expect(block(host, [one])).rejects.toMatchObject({
      code: 'block-unloadable',
      args: { why: 'sets', detail: expect.stringContaining('Cannot open session') },
    })
    expect(await raw(host)).not.toContain('FLEET')
  })

  it.each(['iptables-restore', 'ip6tables-restore'])('load raw (%s): keeps no half of it', async tool => {
    const host = await aHost()
    const said = "can't initialize iptables table `raw': Table does not exist"
    await instead(
      host,
      tool,
      `case "$*" in *noflush*) grep -q -- -I && { echo "${said.replace('`', '\\`')}" >&2; exit 3; } ;; esac\nexit 0`,
    )
    await expect(block(host, [one])).rejects.toMatchObject({
      code: 'block-unloadable',
      args: { why: 'hook', detail: said },
    })
    await asBefore(host)
    expect(await host.must('ls /run/fleet/block')).not.toMatch(/pending|out-/)
  })

  it.each([
    [
      'ip raw',
      'cannot-read-rules',
      'unreadable',
      "chain ip raw x; nft add rule ip raw x 'ct state new log counter'",
    ],
    ['ip6 raw', 'hook', 'wrong', "chain ip6 raw PREROUTING '{ type filter hook prerouting priority -200; }'"],
  ] as const)(
    'use the table %s that somebody has made: no half of it, and it says so',
    async (table, why, hook, made) => {
      const host = await aHost()
      await host.must(`nft add table ${table}; nft add ${made}`)
      await expect(block(host, [one])).rejects.toMatchObject({ args: { why } })
      expect(await host.must('nft list ruleset')).not.toContain('jump FLEET-BLOCK')
      expect((await check(host)).hook).toBe(hook)
      await host.must(`nft delete table ${table}`)
      expect(await block(host, [one])).toMatchObject({ isHookMade: true, hook: 'stands' })
    },
  )

  it('take more entries: keeps what it had, and says what ipset says', async () => {
    const host = await aHost()
    await block(host, [one])
    await host.must(
      'ipset create small hash:net maxelem 1 timeout 0; ipset add small 203.0.113.9; ipset swap small fleet-block4; ipset destroy small',
    )
    await instead(
      host,
      'ipset',
      '[ "$*" = restore ] || exec $real "$@"\nsed "s/maxelem 1048576/maxelem 2/" | exec $real restore',
    )
    const more = ['203.0.113.10', '203.0.113.11', '203.0.113.12'].map(address => word(address))
    await expect(block(host, more)).rejects.toMatchObject({
      code: 'block-unloadable',
      args: { why: 'sets', detail: expect.stringContaining('Hash is full') },
    })
    await asBefore(host)
    expect((await members(host)).filter(line => line.startsWith('fleet-block4 '))).toEqual([BLOCKED[1]])
    expect((await check(host)).hash).toBe(hashBlocks(mergeBlocks([[one]], now())))
    expect(await block(host, more)).toMatchObject({ entries: 4 })
  })

  it.each([
    ['/etc/iptables', 'full'],
    ['/etc/iptables', 'read-only'],
    ['/var/lib/fleet', 'read-only'],
  ])('write to %s (%s): blocks all the same, and says what is missing', async (folder, how) => {
    const host = await aHost()
    await host.must(
      `mount -t tmpfs -o mode=755,size=64k tmpfs ${folder}; ${how === 'full' ? `cat /dev/zero >${folder}/big 2>/dev/null; true` : `mount -o remount,ro ${folder}`}`,
    )
    const disk = folder.startsWith('/etc')
    expect(await block(host, [one])).toMatchObject({
      isHookMade: true,
      isPersisted: !disk,
      ...(disk ? { why: 'storage' } : {}),
    })
    expect(await members(host)).toEqual(BLOCKED)
    await host.must(`umount ${folder}`)
    expect(await block(host, [one])).toMatchObject({ isPersisted: true, isHookMade: false })
  })

  it('keep the program in memory: goes by the one on its disk, and never by a damaged one', async () => {
    const host = await aHost()
    await instead(host, 'mv', 'case "$*" in */run/fleet/host-*) exit 1 ;; esac; exec $real "$@"')
    await block(host, [one])
    const program = `/var/lib/fleet/host-${blockProgram().hash}.sh`
    await host.must(`echo 'echo damaged' >>${program}`)
    expect(await block(host, [one, word('203.0.113.10')])).toMatchObject({ entries: 2, isPersisted: true })
    expect(await host.must(`cat ${program}`)).toBe(blockProgram().text)
    await asBefore(host)
  })

  it('write any more: keeps the map of before whole, and a boot goes by that', async () => {
    const host = await aHost()
    await host.must('mount -t tmpfs -o mode=755,size=256k tmpfs /etc/iptables')
    await block(host, [one])
    const map = await host.must('cat /etc/iptables/fleet/blocks/map')
    await host.must('cat /dev/zero >/etc/iptables/big 2>/dev/null; true')
    const more = Array.from({ length: 250 }, (_, at) => word(`203.0.113.${at}`, { at: one.at + 1 }))
    expect(await block(host, more)).toMatchObject({ entries: 250, isPersisted: false, why: 'storage' })
    expect(await members(host)).toHaveLength(251)
    expect(await host.must('cat /etc/iptables/fleet/blocks/map')).toBe(map)
    await boot(host)
    expect(await members(host)).toEqual(BLOCKED)
  })

  it('write one address more to its end: a boot goes by the map of before', async () => {
    const host = await aHost()
    await block(host, [one])
    const torn = 'for word; do IFS==; set -- $word; [ "$1" != of ] || : >"$2"; done\nexit 1'
    await instead(host, 'dd', torn)
    expect(await block(host, [word('203.0.113.77')])).toMatchObject({ isPersisted: false, why: 'storage' })
    await boot(host)
    expect(await members(host)).toEqual(BLOCKED)
    await asBefore(host)
    for (const last of [10, 11])
      expect(await block(host, [word(`203.0.113.${last}`)])).toMatchObject({ isPersisted: true })
    await instead(host, 'dd', torn)
    expect(await block(host, [word('203.0.113.77')])).toMatchObject({ isPersisted: false, why: 'storage' })
    await boot(host)
    expect(await members(host)).toEqual(
      [...BLOCKED, 'fleet-block4 203.0.113.10', 'fleet-block4 203.0.113.11'].toSorted(),
    )
  })

  it('say that it was written: writes it again', async () => {
    const host = await aHost()
    await block(host, [one])
    await instead(host, 'dd', '$real "$@"\nexit 1')
    const more = [one, word('203.0.113.10')]
    expect(await block(host, more)).toMatchObject({ isPersisted: false, why: 'storage' })
    await instead(host, 'dd', 'echo "$*" >>/written; exec $real "$@"')
    expect(await block(host, more)).toMatchObject({ lacked: 0, isPersisted: true })
    expect(await host.must('cat /written 2>&1; true')).toContain('conv=fsync')
    expect(await block(host, more)).toMatchObject({ isPersisted: true })
    expect((await host.must('cat /written')).trim().split('\n')).toHaveLength(1)
  })

  it('write to /run: says so, and nothing is changed', async () => {
    const host = await aHost()
    await host.must('mount -o remount,ro /run')
    await expect(block(host, [one])).rejects.toMatchObject({ code: 'block-storage' })
    expect(await raw(host)).not.toContain('FLEET')
  })
})

describe('two at once', () => {
  it('lose nothing, and the second waits', async () => {
    const host = await aHost()
    const addresses = ['203.0.113.9', '203.0.113.10', '203.0.113.11', '203.0.113.12']
    const answers = await Promise.all(addresses.map(address => block(host, [word(address)])))
    expect(answers.map(({ entries }) => entries).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
    expect((await members(host)).filter(line => line.startsWith('fleet-block4 '))).toHaveLength(4)
  })

  it('are told of who holds the lock of iptables, and it is tried again', async () => {
    const host = await aHost({ backend: 'legacy' })
    await host.must('setsid /usr/bin/flock /run/xtables.lock sleep 8 </dev/null >/dev/null 2>&1 &')
    await expect(block(host, [one])).rejects.toMatchObject({ code: 'block-busy' })
    expect(await block(host, [one])).toMatchObject({ isHookMade: true, hook: 'stands' })
  })

  it('do not wait for ever', async () => {
    const host = await aHost()
    await block(host, [one])
    await instead(host, 'flock', '[ "$1" != -w ] || set -- -w 1 9; exec $real "$@"')
    await host.must('setsid /usr/bin/flock /run/fleet/block.lock sleep 30 </dev/null >/dev/null 2>&1 &')
    await expect(block(host, [word('203.0.113.10')])).rejects.toMatchObject({ code: 'block-busy' })
  })

  it.each([
    ['an order', 'block 1 "" ""', 'order'],
    ['lists of others', `feeds ${'0'.repeat(64)} 1 1 ${'0'.repeat(64)} whole`, 'storage'],
  ])('wait for who stops sending %s no longer than the time that he said it takes', async (_, call, why) => {
    const host = await aHost()
    await block(host, [one])
    const program = blockProgram().hash
    await host.must(
      `setsid sh -c 'exec sleep 1000 | /bin/sh /run/fleet/host-${program}.sh "" ${call} 2' </dev/null >/answer 2>&1 &`,
    )
    const isHeld = async () => (await host.exec('flock -n /run/fleet/block.lock true')).code !== 0
    await until(isHeld, 'somebody to be sending')
    expect(await block(host, [word('203.0.113.10')])).toMatchObject({ entries: 2, hook: 'stands' })
    expect(await host.must('cat /answer')).toContain(`why=${why}`)
  })
})

describe('files of rules that no boot loaded', () => {
  it('are not loaded by one because of a block', async () => {
    const host = await aHost()
    await host.must('mkdir -p /run/systemd/system; echo "*filter" >/etc/iptables/rules.v4')
    await instead(
      host,
      'systemd-run',
      'for last; do :; done\nwhile [ "$1" != /bin/sh ]; do shift; done\nsetsid "$@" </dev/null >/dev/null 2>&1 &',
    )
    await instead(host, 'systemctl', 'echo "$*" >>/systemctl; exit 1')
    expect(await block(host, [one])).toMatchObject({ isPersisted: false, why: 'stale-rules', hook: 'stands' })
    expect(await host.must('cat /systemctl 2>/dev/null; true')).not.toContain('enable')
    await host.must('rm /etc/iptables/rules.v4')
    expect(await over(host, session => persistBlocks(session, now()))).toMatchObject({ why: 'not-enabled' })
  })
})
