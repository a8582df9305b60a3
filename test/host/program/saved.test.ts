import { describe, expect, it } from 'vitest'
import { arm, askRollback } from '../../../src/host/guard.ts'
import { readStatus } from '../../../src/host/status.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import { type MiniHost, until } from './mini-host.ts'
import { boot, boots, forgotten, removing, ruledHost } from './removing.ts'
import { aHost, applied, confirmed, kill, over, persisted, rules, stateFile } from './steps.ts'

/*
 * Somebody saves rules while a change isn't confirmed, in each of the ways that there are: what nobody confirmed doesn't
 * boot, and what was saved isn't lost.
 */

const SAVES = {
  'netfilter-persistent save': 'netfilter-persistent save',
  'a save of its own': 'iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6',
  'a save that breaks off': ': >/etc/iptables/rules.v4; rm -f /etc/iptables/rules.v6',
} as const
const cases = Object.entries(SAVES)

/** Rules that lay there, and no rules at all; one or three generations of fleet's. */
const rows = cases.flatMap(([what, how]) =>
  (['rules of its own', 'no rules', 'a generation'] as const).flatMap(ground =>
    what === 'a save that breaks off' && ground === 'no rules' ? [] : [[what, ground, how] as const],
  ),
)

const grounds = {
  'rules of its own': ruledHost,
  'no rules': () => aHost(),
  'a generation': async () => {
    const host = await ruledHost()
    await persisted(host, wanted())
    return host
  },
}

const aside = (host: MiniHost, file = 'rules.v4') => host.must(`cat /etc/iptables/${file}.unconfirmed`)
const back = (host: MiniHost, { nonce }: { readonly nonce: string }) =>
  over(host, session => askRollback(session, nonce))

describe('what somebody saved before a change was taken back', () => {
  it.each(rows)('%s, on %s: what boots is as it was, and it lies beside', async (what, ground, how) => {
    const host = await grounds[ground]()
    const before = [await boots(host), await boot(host)]
    const transaction = await applied(host, web)
    await host.must(how)
    const state = await back(host, transaction)
    expect(state).toMatchObject({ name: 'ROLLED_BACK', why: 'asked', saved: 'aside' })
    expect([await boots(host), await boot(host)]).toEqual(before)
    const saved = what === 'a save that breaks off' ? '' : '--dport 443'
    expect(await aside(host)).toContain(saved)
    expect(await over(host, readStatus)).toMatchObject({ last: { why: 'asked', saved: 'aside' } })
    await persisted(host, web)
  })

  it('is not minded where it is what booted before, or was saved before', async () => {
    const host = await ruledHost()
    const transaction = await applied(host, web)
    await host.must('cat /etc/iptables/rules.v4 >/as-before; cat /as-before >/etc/iptables/rules.v4')
    expect(await back(host, transaction)).not.toHaveProperty('saved')
    await host.must('iptables-save >/etc/iptables/rules.v4')
    const files = await boots(host)
    expect(await back(host, await applied(host, web))).not.toHaveProperty('saved')
    expect(await boots(host)).toBe(files)
  })

  it('is found in the file that a link of the operator leads to, which stays a link', async () => {
    const host = await ruledHost()
    await host.must(
      'mkdir /srv/fw; mv /etc/iptables/rules.v4 /srv/fw/v4; ln -s /srv/fw/v4 /etc/iptables/rules.v4',
    )
    const [files, file] = [await boots(host), await host.must('cat /srv/fw/v4')]
    const transaction = await applied(host, web)
    await host.must('iptables-save >/etc/iptables/rules.v4')
    expect(await back(host, transaction)).toMatchObject({ saved: 'aside' })
    expect([await boots(host), await host.must('cat /srv/fw/v4')]).toEqual([files, file])
    expect(await aside(host)).toContain('--dport 443')
  })

  it.each(['rules of its own', 'a generation'] as const)(
    'needs no room to be taken back (%s)',
    async ground => {
      const host = await grounds[ground]()
      await host.must(
        'cp -a /etc/iptables /kept; mount -t tmpfs -o size=400k tmpfs /etc/iptables; cp -a /kept/. /etc/iptables',
      )
      const files = await boots(host)
      const transaction = await applied(host, web)
      await host.must(': >/etc/iptables/rules.v4; head -c 1000000 /dev/zero >/etc/iptables/ballast || true')
      await host.must('iptables-save >/etc/iptables/rules.v4; test ! -s /etc/iptables/rules.v4')
      expect(await back(host, transaction)).toMatchObject({ saved: 'aside' })
      await host.must('rm /etc/iptables/ballast')
      expect(await boots(host)).toBe(files)
    },
  )

  it('is said to boot where it can not be taken back', async () => {
    const host = await ruledHost()
    const transaction = await applied(host, web)
    await host.must('iptables-save >/etc/iptables/rules.v4')
    await host.must('mount --bind /etc/iptables /etc/iptables && mount -o remount,ro,bind /etc/iptables')
    expect(await back(host, transaction)).toMatchObject({ name: 'ROLLED_BACK', why: 'asked', saved: 'boots' })
    expect(await over(host, readStatus)).toMatchObject({ last: { saved: 'boots' } })
    expect(await rules(host)).not.toContain('--dport 443')
  })

  it('is no longer what boots where the rules can not come back', async () => {
    const host = await ruledHost()
    const before = await boot(host)
    const transaction = await applied(host, web)
    await host.must('iptables-save >/etc/iptables/rules.v4')
    await host.must('rm -r /var/lib/fleet/txn/*/now.4')
    await host.exec(`sh /var/lib/fleet/host-*.sh '' rollback ${transaction.nonce}`)
    await until(() => stateFile(host, transaction)?.startsWith('STUCK') === true, 'stuck')
    expect(await boot(host)).toBe(before)
  })

  it('is no part of what stood before fleet, where the change was confirmed', async () => {
    const host = await ruledHost()
    const before = await boot(host)
    const transaction = await applied(host, web)
    await host.must('netfilter-persistent save')
    expect(await confirmed(host, transaction)).toMatchObject({ is: 'persisted' })
    const removal = await removing(host)
    await confirmed(host, removal)
    await forgotten(host, removal)
    expect(await boot(host)).toBe(before)
  })

  it('is taken back from a removal too', async () => {
    const host = await grounds['a generation']()
    const files = await boots(host)
    const transaction = await removing(host)
    await host.must('iptables-save >/etc/iptables/rules.v4; netfilter-persistent save')
    await back(host, transaction)
    expect(await boots(host)).toBe(files)
    expect(await over(host, readStatus)).toMatchObject({ last: { saved: 'aside' } })
  })

  it('is taken back where the state of the change is gone', async () => {
    const host = await ruledHost()
    const files = await boots(host)
    const transaction = await applied(host, web)
    await host.must('netfilter-persistent save; rm -r /run/fleet')
    await until(async () => (await boots(host)) === files, 'the old files')
    expect(stateFile(host, transaction)).toBeUndefined()
  })
})

describe('a guard that dies while it takes back what was saved', () => {
  const TOOLS = ['cmp', 'cp', 'ln', 'mv', 'readlink', 'sync']

  /** From its Nth call of a tool on, the guard is dead. */
  const dieAt = (host: MiniHost, at: number) =>
    host.must(
      `echo ${at} >/left; for tool in ${TOOLS.join(' ')}; do printf '#!/bin/dash\\nread -r left </left\\necho $((left - 1)) >/left\\n[ "$left" -ne 1 ] || { kill -9 $PPID; exit 1; }\\nexec /usr/bin/%s "$@"\\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`,
    )
  const live = (host: MiniHost) => host.must(`cd /usr/local/sbin && rm -f ${TOOLS.join(' ')}`)

  it.each(['rules of its own', 'no rules', 'a generation'] as const)(
    'leaves the rest to the next one, at any step (%s)',
    { timeout: 300_000 },
    async ground => {
      const host = await grounds[ground]()
      const before = [await boots(host), await boot(host)]
      let calls = 0
      for (let [at, died] = [1, true]; died; at += 1) {
        const transaction = await applied(host, web)
        await host.must(
          'netfilter-persistent save; iptables-save >/etc/iptables/fleet/current/rules.v4 || true',
        )
        await kill(host, transaction)
        await dieAt(host, at)
        const asked = `sh /var/lib/fleet/host-*.sh '' rollback ${transaction.nonce} >/dev/null`
        await host.exec(asked)
        died = !stateFile(host, transaction)?.startsWith('ROLLED_BACK')
        await live(host)
        if (died) await host.exec(asked)
        expect(stateFile(host, transaction), `dead at call ${at}`).toMatch(/^ROLLED_BACK-asked/)
        expect([await boots(host), await boot(host)], `dead at call ${at}`).toEqual(before)
        calls = at
      }
      expect(calls).toBeGreaterThan(4)
    },
  )
})

describe('a boot of a generation that somebody saved over', () => {
  const said = (host: MiniHost) => host.must('cat /tmp/boot')
  const saveThrough = 'iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6'

  it('loads what was confirmed, where the power went before it could be taken back', async () => {
    const host = await grounds['a generation']()
    const [files, booted] = [await boots(host), await boot(host)]
    await kill(host, await applied(host, web))
    await host.must(`${saveThrough}; rm -r /run/fleet`)
    expect(await boot(host)).toBe(booted)
    expect(await said(host)).toContain('fleet: what was saved over generation 1')
    expect(await boots(host)).toBe(files)
    expect(await aside(host)).toContain('--dport 443')
  })

  it('and where the disk is read-only besides, loads it all the same, and is loud', async () => {
    const host = await grounds['a generation']()
    const booted = await boot(host)
    await kill(host, await applied(host, web))
    await host.must(`${saveThrough}; rm -r /run/fleet`)
    await host.must('mount --bind /etc/iptables /etc/iptables && mount -o remount,ro,bind /etc/iptables')
    expect(await boot(host)).toBe(booted)
    expect(await said(host)).toContain('fleet: the rules loaded at boot are not those of generation 1')
  })

  it('loads what its change asked for, where that is still known, and puts it back', async () => {
    const host = await grounds['a generation']()
    await host.must('mv /var/lib/fleet/txn/* /var/lib/fleet/txn/0')
    await persisted(host, web)
    const [files, booted] = [await boots(host), await boot(host)]
    await host.must(`iptables -F INPUT; ${saveThrough}`)
    expect(await boot(host)).toBe(booted)
    expect(await said(host)).toContain('fleet: what was saved over generation 2 is taken back')
    expect(await boots(host)).toBe(files)
    expect(await aside(host)).not.toContain('--dport')
    expect(await boot(host)).toBe(booted)
    expect(await said(host)).not.toContain('fleet:')
  })

  it('else the newest whole one before it, and is loud', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    await persisted(host, web)
    const second = await boot(host)
    await persisted(host, wanted('INPUT -p udp -m udp --dport 53 -j ACCEPT'))
    await persisted(host, wanted())
    await host.must('echo "# damaged" >>/etc/iptables/fleet/gen-000003/rules.v6')
    await host.must('rm -r /var/lib/fleet/txn; iptables -F INPUT; iptables-save >/etc/iptables/rules.v4')
    expect(await boot(host)).toBe(second)
    expect(await said(host)).toContain('fleet: the rules loaded at boot are not those of generation 4')
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000002\n')
    expect(await over(host, readStatus)).toMatchObject({ generation: { number: 2, newer: 4 } })
    expect(await boot(host)).toBe(second)
    expect(await said(host)).toContain('generation 4, which was confirmed after it, is damaged')
    await persisted(host, wanted())
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000005\n')
    await boot(host)
    expect(await said(host)).not.toContain('fleet:')
  })

  it('lifts no lockdown', async () => {
    const host = await aHost()
    await persisted(host, web)
    await persisted(host, { ...wanted(), lockdown: 1 })
    await host.must('rm -r /var/lib/fleet/txn; iptables-save >/etc/iptables/rules.v4')
    expect(await boot(host)).not.toContain('--dport 443')
  })
})

it('what is kept of what boots is not armed without', async () => {
  const host = await grounds['a generation']()
  const session = await host.connect()
  const transaction = transactionTo(await look(session, web), web)
  await host.must("printf '#!/bin/sh\\nexit 1\\n' >/usr/local/sbin/cp; chmod 755 /usr/local/sbin/cp")
  await expect(arm(session, transaction)).rejects.toMatchObject({ code: 'host-storage' })
  await session.close()
})
