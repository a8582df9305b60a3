import { describe, expect, it } from 'vitest'
import { wanted, web } from './change.ts'
import { put } from './mini-host.ts'
import { boot, forgotten, plan, removing, ruledHost, traces, withSet } from './removing.ts'
import { aHost, applied, becomes, confirmed, disk, persisted, rules } from './steps.ts'

describe('a removal', () => {
  it.each(['nft', 'legacy'] as const)('brings back the files and rules of before (%s)', async backend => {
    const host = await ruledHost({ backend })
    await host.must('chmod 640 /etc/iptables/rules.v4; netfilter-persistent start')
    const [live, files] = [await rules(host), await disk(host)]
    await persisted(host, withSet)
    const transaction = await removing(host)
    expect(await rules(host)).toContain('192.0.2.66')
    expect(await disk(host), 'the disk waits for the confirmation').toContain('rules.v4 -> fleet/current')
    expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 0, isInForce: true })
    expect(await confirmed(host, transaction), 'asked again').toEqual({
      is: 'persisted',
      generation: 0,
      isInForce: true,
    })
    await forgotten(host, transaction)
    expect((await rules(host)).startsWith(live)).toBe(true)
    expect(await disk(host)).toBe(files)
    expect(await host.must('stat -c %a /etc/iptables/rules.v4')).toBe('640\n')
    expect(await host.must('ipset list -n')).toBe('')
    expect(traces(host)).toEqual([])
    expect((await plan(host)).verdict).toBe('unchanged')
    expect(traces(host), 'to look at it leaves nothing').toEqual([])
    await persisted(host, withSet)
  })

  it('takes nothing for rules where nothing was', async () => {
    const host = await aHost()
    const files = await disk(host)
    await persisted(host, web)
    await persisted(host, wanted())
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await forgotten(host, transaction)
    expect(await rules(host)).not.toMatch(/DROP|-A/)
    expect(await disk(host)).toBe(files)
  })

  it('leaves foreign chains and their rules alone, also those that the files of before had', async () => {
    const host = await aHost()
    put(
      host,
      'etc/iptables/rules.v4',
      '*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A INPUT -s 192.0.2.66 -j DROP\n-A f2b-sshd -s 203.0.113.1 -j REJECT\nCOMMIT\n',
    )
    await persisted(host, web)
    await host.must(
      'iptables -N f2b-sshd; iptables -A f2b-sshd -s 203.0.113.7 -j DROP; iptables -I INPUT -p tcp --dport 22 -j f2b-sshd; iptables -N mine; iptables -A mine -s 192.0.2.99 -j DROP; iptables -A INPUT -j mine',
    )
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await forgotten(host, transaction)
    const after = await rules(host)
    expect(after.match(/^-A.*$/gm)).toEqual([
      '-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd',
      '-A INPUT -s 192.0.2.66/32 -j DROP',
      '-A INPUT -j mine',
      '-A f2b-sshd -s 203.0.113.7/32 -j DROP',
      '-A mine -s 192.0.2.99/32 -j DROP',
    ])
  })

  it('that nobody confirms is taken back', async () => {
    const host = await aHost()
    await persisted(host, withSet)
    const before = [await rules(host), await disk(host), await host.must('ipset save')]
    const transaction = await removing(host, { confirmTimeout: 4000 })
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    await host.must('rm -r /etc/iptables/fleet/staged-*')
    expect([await rules(host), await disk(host), await host.must('ipset save')]).toEqual(before)
    await expect(forgotten(host, transaction)).rejects.toMatchObject({ args: { why: 'not-removed' } })
    expect(traces(host)).toContain('var/lib/fleet')
  })

  it.each([
    ['before-damaged', 'echo garbage >>/etc/iptables/fleet/gen-000000/rules.v4'],
    ['before-damaged', 'rm /etc/iptables/fleet/gen-000000/rules.v4'],
    ['before-missing', 'rm -r /etc/iptables/fleet/gen-000000'],
  ])('is refused where what stood before is not whole: %s', async (why, damage) => {
    const host = await ruledHost()
    await persisted(host, web)
    await host.must(damage)
    await expect(plan(host)).rejects.toMatchObject({
      code: 'host-refuses',
      hostState: 'refused',
      args: { why },
    })
  })

  it.each(['echo garbage >>/etc/iptables/fleet/gen-000000/rules.v4', 'rm -r /etc/iptables/fleet/gen-000000'])(
    'is confirmed and not persisted where that happens in the window: %s',
    async damage => {
      const host = await ruledHost()
      await persisted(host, web)
      const transaction = await removing(host)
      await host.must(`cp -a /etc/iptables/fleet/gen-000000 /mnt; ${damage}`)
      const boots = await disk(host)
      await expect(confirmed(host, transaction)).resolves.toEqual({
        is: 'not persisted',
        detail: expect.stringMatching(/^what stood before fleet is missing or damaged: .*gen-000000$/m),
      })
      expect(await disk(host)).toBe(boots)
      await host.must('rm -rf /etc/iptables/fleet/gen-000000; cp -a /mnt/gen-000000 /etc/iptables/fleet')
      await expect(confirmed(host, transaction)).resolves.toEqual({
        is: 'persisted',
        generation: 0,
        isInForce: true,
      })
      await forgotten(host, transaction)
      expect(traces(host)).toEqual([])
    },
  )

  it('needs no package that somebody has taken out', async () => {
    const host = await aHost()
    await persisted(host, web)
    await host.must('rm -r /usr/sbin/netfilter-persistent /usr/share/netfilter-persistent')
    const transaction = await removing(host)
    expect((await confirmed(host, transaction)).is).toBe('persisted')
    await forgotten(host, transaction)
    expect(traces(host)).toEqual([])
  })

  it('is not forgotten while another change holds the host', async () => {
    const host = await aHost()
    await persisted(host, web)
    const transaction = await removing(host)
    await confirmed(host, transaction)
    const next = await applied(host, web)
    await expect(forgotten(host, transaction)).rejects.toMatchObject({ args: { why: 'busy' } })
    expect(await confirmed(host, next)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
    await expect(forgotten(host, transaction)).rejects.toMatchObject({ args: { why: 'not-removed' } })
    expect(await boot(host)).toBe(await rules(host))
  })

  it('brings back what netfilter-persistent save wrote over', async () => {
    const host = await ruledHost()
    const files = await disk(host)
    await persisted(host, web)
    await host.must('netfilter-persistent save')
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await forgotten(host, transaction)
    expect(await disk(host)).toBe(files)
  })
})
