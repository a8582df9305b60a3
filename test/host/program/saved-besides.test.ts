import { describe, expect, it } from 'vitest'
import { arm, askRollback } from '../../../src/host/guard.ts'
import { observeGeneration } from '../../../src/host/observe.ts'
import { readStatus } from '../../../src/host/status.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import { type MiniHost, until } from './mini-host.ts'
import { boot, boots } from './removing.ts'
import { aHost, applied, confirmed, kill, over, persisted, stateFile } from './steps.ts'

/*
 * Somebody saves rules while a change isn't confirmed, on a host that boots a generation, and something else happens
 * besides: the power goes, the disk is full, the old rules can't come back.
 */

const SAVE = 'netfilter-persistent save'
const THROUGH = 'iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6'
const older = wanted('INPUT -p udp -m udp --dport 53 -j ACCEPT')

/** The second generation boots; the change to come says all that it says, and more. */
async function aGeneration(): Promise<MiniHost> {
  const host = await aHost()
  await persisted(host, older)
  await persisted(host, wanted())
  return host
}

const said = (host: MiniHost) => host.must('cat /tmp/boot')
/** Whoever still persists goes with the guard. */
const goDark = (host: MiniHost) => host.must("pkill -KILL -f '[/]fleet/host-'; rm -r /run/fleet")
const replace = (host: MiniHost, tool: string, script: string) =>
  host.must(`cat >/usr/local/sbin/${tool}; chmod 755 /usr/local/sbin/${tool}`, `#!/bin/dash\n${script}\n`)
const back = (host: MiniHost, { nonce }: { readonly nonce: string }) =>
  over(host, session => askRollback(session, nonce))

describe('the power goes where somebody saved rules', () => {
  it('and the rules of the generation are all among those that nobody confirmed', async () => {
    const host = await aGeneration()
    const before = [await boots(host), await boot(host)]
    await kill(host, await applied(host, web))
    await host.must(SAVE)
    await goDark(host)
    expect(await boot(host)).toBe(before[1])
    expect(await said(host)).toContain('fleet: what was saved over generation 2')
    expect(await host.must('cat /etc/iptables/rules.v4.unconfirmed')).toContain('--dport 443')
    expect([await boots(host), await boot(host)]).toEqual(before)
    expect(await said(host)).not.toContain('fleet:')
  })

  it('and a change that was confirmed is only half on the disk', async () => {
    const host = await aGeneration()
    const before = await boot(host)
    const transaction = await applied(host, web)
    await host.must(THROUGH)
    await replace(host, 'mv', 'case "$*" in */link*current) exit 1 ;; esac; exec /usr/bin/mv "$@"')
    // Its shell knows where the other mv lies.
    await kill(host, transaction, 'STOP')
    expect(await confirmed(host, transaction)).toMatchObject({ is: 'not persisted' })
    await goDark(host)
    await host.must('rm -r /usr/local/sbin/mv /var/lib/fleet/txn')
    expect(await boot(host)).toBe(before)
    expect(await said(host)).toContain('fleet: what was saved over generation 2')
  })
})

describe('what somebody saves once a change is over', () => {
  const ways = {
    'it was rolled back': async (host: MiniHost) => void (await back(host, await applied(host, web))),
    'it was disarmed': async (host: MiniHost) => {
      const session = await host.connect()
      const transaction = transactionTo(await look(session, web), web)
      await arm(session, transaction)
      expect(await back(host, transaction)).toMatchObject({ name: 'DISARMED' })
      await session.close()
    },
    'the power had gone': async (host: MiniHost) => {
      await kill(host, await applied(host, web))
      await goDark(host)
      await boot(host)
      await host.must('iptables -D INPUT -p tcp -m tcp --dport 443 -j ACCEPT')
    },
  }
  it.each(Object.entries(ways))('boots, where %s', async (_, ends) => {
    const host = await aGeneration()
    await ends(host)
    await host.must(`iptables -A INPUT -p tcp -m tcp --dport 443 -j ACCEPT; ${SAVE}`)
    await host.must('rm -rf /run/fleet')
    expect(await boot(host)).toContain('--dport 443')
    expect(await said(host)).not.toContain('fleet:')
  })
})

describe('what somebody saves in the place of the links', () => {
  it('is said to boot where the links can not come back', async () => {
    const host = await aGeneration()
    const transaction = await applied(host, web)
    await host.must(SAVE)
    await host.must('mount --bind /etc/iptables /etc/iptables && mount -o remount,ro,bind /etc/iptables')
    expect(await back(host, transaction)).toMatchObject({ name: 'ROLLED_BACK', why: 'asked', saved: 'boots' })
  })

  it('keeps what was confirmed from the disk no longer than what it failed of', async () => {
    const host = await aGeneration()
    const transaction = await applied(host, web)
    await replace(host, 'netfilter-persistent', 'exit 0')
    // Or it persists before somebody saves.
    await kill(host, transaction, 'STOP')
    expect(await confirmed(host, transaction)).toMatchObject({ is: 'not persisted' })
    await host.must(`/usr/sbin/${SAVE}; rm /usr/local/sbin/netfilter-persistent`)
    expect(await confirmed(host, transaction)).toMatchObject({ is: 'persisted', isInForce: true })
    expect((await over(host, readStatus)).generation).toMatchObject({ whole: true, linked: true })
  })

  it('through them spoils no generation that the change leaves behind', async () => {
    const host = await aGeneration()
    const before = await host.must('cat /etc/iptables/fleet/gen-000002/rules.v4')
    const transaction = await applied(host, web)
    await host.must(THROUGH)
    expect(await confirmed(host, transaction)).toMatchObject({ is: 'persisted' })
    expect(await host.must('cat /etc/iptables/fleet/gen-000002/rules.v4')).toBe(before)
    await over(host, session => observeGeneration(session, 2))
  })

  it('cuts off no generation where there is no room for it', async () => {
    const host = await aGeneration()
    await host.must(
      'cp -a /etc/iptables /kept; mount -t tmpfs -o size=400k tmpfs /etc/iptables; cp -a /kept/. /etc/iptables',
    )
    const before = await boot(host)
    await host.must('head -c 1000000 /dev/zero >/etc/iptables/ballast || true')
    await host.exec(SAVE)
    expect((await over(host, readStatus)).generation).toMatchObject({ whole: true, linked: false })
    expect(await boot(host)).toBe(before)
  })
})

it('is taken back once more where it is saved again while the change is stuck', async () => {
  const host = await aGeneration()
  const before = await boots(host)
  const transaction = await applied(host, web)
  const now = `/var/lib/fleet/txn/${transaction.nonce}/now.4`
  await host.must(`${THROUGH}; mv ${now} /now.4`)
  await host.exec(`sh /var/lib/fleet/host-*.sh '' rollback ${transaction.nonce}`)
  await until(() => stateFile(host, transaction)?.startsWith('STUCK') === true, 'stuck')
  await host.must(THROUGH)
  await until(async () => (await boots(host)) === before, 'what booted, once more')
  await host.must(`${SAVE}; mv /now.4 ${now}`)
  await until(() => stateFile(host, transaction) === 'ROLLED_BACK-asked-saved', 'rolled back')
  expect(await boots(host)).toBe(before)
})
