import { describe, expect, it } from 'vitest'
import { mendTools, replaceTool } from '../faults/backend.ts'
import { blockedOn, deafen, isHooked, ledgerOf } from './hosts/blocks.ts'
import { openFlow } from './hosts/packets.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* What `fleet block` says and does of connections that are there already, and of hosts that can't or won't block. */

const lab = useTestLab('block-live', ['live', 'deaf', 'well', 'bare', 'odd', 'brief', 'attacker', 'friend'], {
  packages: true,
  aptLists: true,
})
const host = (name: string) => lab().host(name)
const TRACKED = 'iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT'

describe.concurrent('fleet block', () => {
  it('says with --dry-run whom it would hit, leaves nothing, and ends with --kill what stands', async () => {
    const at = await makeSite(lab(), ['live'])
    const [attacker, friend] = [host('attacker').address4, host('friend').address4]
    await host('live').exec(TRACKED)
    const flow = await openFlow(host('attacker'), host('live').address4, 22)
    const other = await openFlow(host('friend'), host('live').address4, 22)

    const tried = await at.fleet('block', attacker, '--dry-run')
    expect(tried).toMatchObject({
      code: 0,
      stdout: `live: 1 from ${attacker}.\n1 of 1 host has 1 live connection that would be cut. Nothing was changed.\n`,
    })
    expect(await ledgerOf(at)).toBe('')
    const left = await host('live').exec('ls -d /var/lib/fleet /run/fleet /etc/iptables/fleet; ipset list -n')
    expect(left.stdout).toBe('')

    const killed = await at.fleet('block', attacker, '--kill')
    expect(killed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 connection deleted\.$/m) })
    const tracked = (await host('live').exec('conntrack -L 2>/dev/null')).stdout
    expect(tracked).not.toContain(`=${attacker} `)
    expect(tracked).toContain(`=${friend} `)
    expect([await flow.answers(), await other.answers()]).toEqual([false, true])

    // The whole network, this host and the one that fleet comes from in it: said, and not done to fleet itself.
    const network = host('live').address4.replace(/\d+\.\d+$/, '0.0/16')
    const even = [host('live').address4, '10.90.0.1'].flatMap(one => ['--even-so', one])
    const all = await at.fleet('block', network, ...even, '--kill')
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('connection deleted.') })
    expect(all.stderr).toMatch(
      /^10\.90\.0\.1, where hosts see you come from, still gets through, although 10\.90\.0\.0\/16 /m,
    )
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
  })

  it('names hosts that have no ipset, and get none, or whose kernel has none; later they are caught up', async () => {
    const at = await makeSite(lab(), ['well', 'bare', 'odd'])
    await host('bare').exec(
      'mv /usr/sbin/ipset /root; mv /etc/apt /root; mkdir -p /etc/apt; rm -rf /var/lib/apt/lists/*',
    )
    await replaceTool(host('odd'), 'ipset', 'echo "ipset v7.17: Cannot open session to kernel." >&2; exit 1')
    const done = await at.fleet('block', '203.0.113.9')
    expect(done.code).toBe(3)
    expect(done.stdout).toMatch(
      /^bare: failed\. The host's apt can't install iptables-persistent and ipset\./m,
    )
    expect(done.stdout).toMatch(
      /^odd: failed\. The host's ipset doesn't take .*\n.*Cannot open session to kernel/m,
    )
    expect(done.stdout).toMatch(/^1 of 3 hosts: blocked\. 2 left: /m)
    expect(await blockedOn(host('well'))).toEqual(['block4 203.0.113.9'])
    for (const name of ['bare', 'odd']) expect(await isHooked(host(name))).toBe(false)
    expect((await at.fleet('blocks')).stdout).toMatch(/^bare, odd: behind: /m)
    await host('bare').exec('mv /root/ipset /usr/sbin; rmdir /etc/apt; mv /root/apt /etc; apt-get update')
    await mendTools(host('odd'))
    expect(await at.fleet('blocks', '--repair')).toMatchObject({ code: 0 })
    for (const name of ['bare', 'odd']) expect(await blockedOn(host(name))).toEqual(['block4 203.0.113.9'])
  })

  it('names hosts that would not block any more after a reboot, with exit 4, until that is mended', async () => {
    const at = await makeSite(lab(), ['brief'])
    await host('brief').exec('mv /etc/apt /root; mkdir -p /etc/apt; mv /var/lib/apt/lists /root')
    const done = await at.fleet('block', '203.0.113.9')
    expect(done.code).toBe(4)
    expect(done.stdout).toMatch(
      /^brief: blocked, not persisted\. .*\n(.*\n)*1 of 1 host: blocked, 1 of them only until a reboot\. Mend /m,
    )
    expect(await blockedOn(host('brief'))).toEqual(['block4 203.0.113.9'])
    expect(await isHooked(host('brief'))).toBe(true)
    expect(await at.fleet('blocks')).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/^brief: It blocks now, and after a reboot it would not: /m),
    })
    await host('brief').exec(
      'rmdir /etc/apt; mv /root/apt /etc; rm -rf /var/lib/apt/lists; mv /root/lists /var/lib/apt',
    )
    expect(await at.fleet('blocks', '--repair')).toMatchObject({ code: 0 })
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
  })

  it('is lifted in the ledger where the only host takes it back', async () => {
    const at = await makeSite(lab(), ['deaf'])
    await deafen(host('deaf'))
    const taken = await at.fleet('block', '203.0.113.9')
    expect(taken).toMatchObject({ code: 3, stdout: expect.stringMatching(/^deaf: reverted\. /m) })
    expect(await isHooked(host('deaf'))).toBe(false)
    expect(await ledgerOf(at)).toMatch(/address: 203\.0\.113\.9\n(.*\n)+ {2}lifted:/)
    await mendTools(host('deaf'))
    expect(await at.fleet('blocks', '--repair')).toMatchObject({ code: 0 })
    expect(await blockedOn(host('deaf'))).toEqual([])
    expect(await at.fleet('block', '203.0.113.9')).toMatchObject({ code: 0 })
    expect(await blockedOn(host('deaf'))).toEqual(['block4 203.0.113.9'])
  })
})
