import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm, awaitApplied, forget, type Transaction } from '../../../src/host/guard.ts'
import { observeBefore } from '../../../src/host/observe.ts'
import { readStatus } from '../../../src/host/status.ts'
import type { HostPlan } from '../../../src/plan/host-plan.ts'
import { metaOf } from '../../../src/plan/meta.ts'
import { decideRemoval } from '../../../src/plan/removal.ts'
import { filter, newNonce, type Wanted, wanted, web } from './change.ts'
import { listed, type MiniHost, put } from './mini-host.ts'
import { aHost, applied, becomes, confirmed, disk, kill, over, persisted, rules } from './steps.ts'

const BEFORE4 = `# by hand\n${filter('INPUT -p tcp --dport 22 -j ACCEPT', 'INPUT -s 192.0.2.66 -j DROP')}`

const plan = (host: MiniHost): Promise<HostPlan> =>
  over(host, async session =>
    decideRemoval({
      host: 'a',
      groups: [],
      seen: await observeBefore(session),
      preserve: [],
      replace: [],
      acceptLockoutRisk: false,
    }),
  )

async function removing(host: MiniHost, more: Partial<Transaction> = {}): Promise<Transaction> {
  const { change, findings } = await plan(host)
  if (!change) throw new Error(JSON.stringify(findings))
  const origin = { run: 'run-2', who: 'tester@controller', since: '2026-01-02T00:00:00Z' }
  const nonce = newNonce()
  const meta = metaOf(change, { ...origin, nonce })
  const transaction = { nonce, ...origin, confirmTimeout: 30_000, ...change, meta, ...more }
  await over(host, session => arm(session, transaction))
  const state = await over(host, session => awaitApplied(session, transaction.nonce))
  expect(state.name).toBe('APPLIED')
  return transaction
}

const forgotten = (host: MiniHost, { nonce }: Transaction) => over(host, session => forget(session, nonce))

/** What a boot loads: a namespace of its own, then the rules in it. */
const boot = (host: MiniHost) =>
  host.must(
    'unshare -n sh -c "netfilter-persistent start >/tmp/boot 2>&1; iptables-save; ip6tables-save" | grep -v "^#" | sed "s/ \\[[0-9:]*\\]$//"',
  )

const traces = (host: MiniHost) =>
  ['var/lib/fleet', 'run/fleet', 'etc/iptables/fleet', 'etc/iptables/.fleet-gone']
    .filter(path => existsSync(join(host.root, path)))
    .concat(
      listed(join(host.root, 'usr/share/netfilter-persistent/plugins.d')).filter(name => /fleet/.test(name)),
    )

const withSet: Wanted = {
  rules: {
    4: filter(
      'INPUT -m set --match-set fleet4-abc123 src -j DROP',
      'INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ),
    6: filter('INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
  },
  sets: 'create fleet4-abc123 hash:net family inet\nadd fleet4-abc123 203.0.113.0/24\n',
}

describe('a removal', () => {
  it.each(['nft', 'legacy'] as const)('brings back the files and rules of before (%s)', async backend => {
    const host = await aHost({ backend })
    put(host, 'etc/iptables/rules.v4', BEFORE4)
    await host.must('chmod 640 /etc/iptables/rules.v4; netfilter-persistent start')
    const [live, files] = [await rules(host), await disk(host)]
    await persisted(host, withSet)
    const transaction = await removing(host)
    expect(await rules(host)).toContain('192.0.2.66')
    expect(await disk(host), 'the disk waits for the confirmation').toContain('rules.v4 -> fleet/current')
    expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 0 })
    expect(await confirmed(host, transaction), 'asked again').toEqual({ is: 'persisted', generation: 0 })
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
    const host = await aHost()
    put(host, 'etc/iptables/rules.v4', BEFORE4)
    await persisted(host, web)
    await host.must(damage)
    await expect(plan(host)).rejects.toMatchObject({
      code: 'host-refuses',
      hostState: 'refused',
      args: { why },
    })
  })

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
    expect(await confirmed(host, next)).toEqual({ is: 'persisted', generation: 2 })
    await expect(forgotten(host, transaction)).rejects.toMatchObject({ args: { why: 'not-removed' } })
    expect(await boot(host)).toBe(await rules(host))
  })

  it('brings back what netfilter-persistent save wrote over', async () => {
    const host = await aHost()
    put(host, 'etc/iptables/rules.v4', BEFORE4)
    const files = await disk(host)
    await persisted(host, web)
    await host.must('netfilter-persistent save')
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await forgotten(host, transaction)
    expect(await disk(host)).toBe(files)
  })
})

describe('a removal that dies in the middle of what follows the confirmation', () => {
  const TOOLS = ['mv', 'rm', 'cp', 'ln', 'sync', 'cmp', 'readlink', 'unshare']

  /** From its Nth call of a tool on, what persists is dead. */
  const dieAt = (host: MiniHost, at: number) =>
    host.must(
      `echo ${at} >/left; for tool in ${TOOLS.join(' ')}; do printf '#!/bin/dash\\nread -r left </left\\necho $((left - 1)) >/left\\n[ "$left" -ne 1 ] || { kill -9 $PPID; exit 1; }\\nexec /usr/bin/%s "$@"\\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`,
    )
  const live = (host: MiniHost) => host.must(`cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')}`)

  it('boots the last generation or what stood before, at every step, and can be finished', {
    timeout: 600_000,
  }, async () => {
    const host = await aHost()
    put(host, 'etc/iptables/rules.v4', BEFORE4)
    const files = await disk(host)
    const before = await boot(host)
    let [died, at] = [true, 0]
    const booted = new Set<string>()
    while (died) {
      at += 1
      await persisted(host, web)
      const fleets = await boot(host)
      const transaction = await removing(host)
      await kill(host, transaction)
      await dieAt(host, at)
      died = await confirmed(host, transaction).then(
        () => false,
        () => true,
      )
      await live(host)
      const now = await boot(host)
      expect([fleets, before], `dead at call ${at}`).toContain(now)
      expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).not.toContain('fleet:')
      booted.add(now === before ? 'before' : "fleet's")
      expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 0 })
      await forgotten(host, transaction)
      expect(await disk(host)).toBe(files)
      expect(traces(host)).toEqual([])
    }
    expect([...booted]).toEqual(["fleet's", 'before'])
    expect(at).toBeGreaterThan(7)
  })

  it('and with the power gone, is begun and finished again by the next one', async () => {
    const host = await aHost()
    put(host, 'etc/iptables/rules.v4', BEFORE4)
    const files = await disk(host)
    await persisted(host, web)
    const first = await removing(host)
    await kill(host, first)
    await dieAt(host, 3)
    await confirmed(host, first).catch(() => undefined)
    await live(host)
    await host.must('rm -rf /run/fleet; netfilter-persistent flush; netfilter-persistent start')
    expect(await over(host, readStatus)).toMatchObject({ isTouched: true, generation: undefined })
    const again = await removing(host)
    expect(await confirmed(host, again)).toEqual({ is: 'persisted', generation: 0 })
    await forgotten(host, again)
    expect(await disk(host)).toBe(files)
    expect(traces(host)).toEqual([])
  })
})
