import { describe, expect, it } from 'vitest'
import { arm, askRollback, type Transaction } from '../../../src/host/guard.ts'
import { readStatus } from '../../../src/host/status.ts'
import { conditionOf } from '../../../src/report/status.ts'
import { look, transactionTo, type Wanted, wanted, web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  confirmed,
  kill,
  over,
  persisted,
  restart,
  rules,
  stateFile,
} from './steps.ts'

/* A change that was confirmed and can't be put on the disk, and the next one, which comes over it. */

const next: Wanted = wanted('INPUT -p tcp -m tcp --dport 80 -j ACCEPT')
const SECOND = '/etc/iptables/fleet/gen-000002'

/** The folder of its generation is taken, so that another change can be armed and this one can't be stored. */
async function unstored(host: MiniHost): Promise<Transaction> {
  await persisted(host, wanted())
  const transaction = await applied(host, web)
  await host.must(`mkdir ${SECOND} && mount -t tmpfs tmpfs ${SECOND}`)
  expect((await confirmed(host, transaction)).is).toBe('not persisted')
  await kill(host, transaction)
  return transaction
}

const mend = (host: MiniHost) => host.must(`umount ${SECOND} && rmdir ${SECOND}`)

async function isStoredNow(host: MiniHost, transaction: Transaction): Promise<void> {
  expect(await rules(host)).toContain('--dport 443')
  expect(await condition(host)).toBe('in danger')
  await mend(host)
  expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
  expect(await host.must('cat /etc/iptables/rules.v4')).toContain('--dport 443')
  expect(await condition(host)).toBe('settled')
  expect((await over(host, session => look(session, web))).asConfirmed).toBe(true)
}

const condition = async (host: MiniHost) => conditionOf({ host: 'a', status: await over(host, readStatus) })

describe('what is confirmed and not on the disk is still to be stored', () => {
  it('when the next change is refused', async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    const broken = { do: { 4: '*filter\n-A INPUT -j NOWHERE\nCOMMIT\n', 6: '' } }
    await expect(armed(host, next, broken)).rejects.toMatchObject({ code: 'host-unloadable' })
    await isStoredNow(host, transaction)
  })

  it('when the next change is disarmed', async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    const session = await host.connect()
    const after = transactionTo(await look(session, next), next)
    await arm(session, after)
    expect(await condition(host), 'while another change is armed').toBe('in danger')
    expect((await over(host, another => askRollback(another, after.nonce))).name).toBe('DISARMED')
    await session.close()
    await isStoredNow(host, transaction)
  })

  it('when the next change is rolled back, also for one that died', async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    const first = await applied(host, next)
    expect((await over(host, session => askRollback(session, first.nonce))).name).toBe('ROLLED_BACK')
    await kill(host, await applied(host, next))
    await expect(armed(host, next)).rejects.toMatchObject({ code: 'host-changed' })
    await isStoredNow(host, transaction)
  })

  it('and by nobody while the next change is there', async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    const after = await applied(host, next)
    await mend(host)
    expect(await confirmed(host, transaction)).toMatchObject({
      is: 'not persisted',
      detail: expect.stringContaining('another change'),
    })
    await restart(host, transaction)
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000001\n')
    expect(await confirmed(host, after)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
    expect((await confirmed(host, transaction)).is, 'and never comes back').toBe('not persisted')
    expect(stateFile(host, transaction)).toMatch(/^CONFIRMED-/)
    expect(await host.must('ls /run/fleet /etc/iptables/fleet')).not.toMatch(/unstored|lock|staged/)
    expect(await condition(host)).toBe('settled')
  })

  it('is owned by the next plan, whoever holds the host', async () => {
    const host = await aHost()
    await unstored(host)
    const session = await host.connect()
    const after = transactionTo(await look(session, next), next)
    await arm(session, after)
    await kill(host, after)
    await session.close()
    const seen = await over(host, other => look(other, next))
    expect(seen.generation.rules[4]).toContain('--dport 443')
  })

  it('also over two that can not be stored: the latter one counts', async () => {
    const host = await aHost()
    const first = await unstored(host)
    const second = await applied(host, next)
    expect((await confirmed(host, second)).is).toBe('not persisted')
    await kill(host, second)
    const third = await applied(host, wanted())
    expect((await over(host, session => askRollback(session, third.nonce))).name).toBe('ROLLED_BACK')
    await mend(host)
    expect((await confirmed(host, first)).is).toBe('not persisted')
    expect(await confirmed(host, second)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
    expect(await host.must('cat /etc/iptables/rules.v4')).toContain('--dport 80')
  })

  it('and is, where the next one died before it had begun', async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    await host.must(
      `cd /run/fleet && mv lock unstored && mkdir -p lock txn/dead/state /var/lib/fleet/txn/dead &&
      echo nonce=dead >/var/lib/fleet/txn/dead/meta && ln -s /var/lib/fleet/txn/dead/meta lock/owner`,
    )
    await isStoredNow(host, transaction)
    expect(await host.must('ls /run/fleet')).not.toMatch(/unstored|lock/)
  })

  it('wherever the next one dies while it arms', { timeout: 120_000 }, async () => {
    const host = await aHost()
    const transaction = await unstored(host)
    let [died, at] = [true, 0]
    while (died) {
      at += 1
      await dieAt(host, at)
      const after = await armed(host, next).catch(() => undefined)
      await live(host)
      died = Number(await host.must('cat /left')) < 1
      expect(await condition(host), `dead at call ${at}`).toBe('in danger')
      // What was killed was a part that it can do without.
      if (after) await over(host, session => askRollback(session, after.nonce))
    }
    expect(at).toBeGreaterThan(12)
    await isStoredNow(host, transaction)
  })
})

describe('the last change', () => {
  it('is the one that was armed last, whatever is renamed in the folder of another', async () => {
    const host = await aHost()
    const first = await persisted(host, web)
    const second = await applied(host, wanted())
    expect((await over(host, session => askRollback(session, second.nonce))).name).toBe('ROLLED_BACK')
    await host.must(`touch -d +1day /run/fleet/txn/${first.nonce}/state`)
    expect((await over(host, readStatus)).last).toMatchObject({ nonce: second.nonce, state: 'ROLLED_BACK' })
  })
})

const TOOLS = ['mv', 'rm', 'ln', 'mkdir', 'flock', 'sync', 'setsid']

/** From its Nth call of a tool on, who arms is dead. */
const dieAt = (host: MiniHost, at: number) =>
  host.must(
    `echo ${at} >/left; for tool in ${TOOLS.join(' ')}; do printf '#!/bin/dash\\ncase "$(tr "\\\\0" " " </proc/$PPID/cmdline)" in *" arm "*) read -r left </left; echo $((left - 1)) >/left; [ "$left" -ne 1 ] || { kill -9 $PPID; exit 1; } ;; esac\\nexec /usr/bin/%s "$@"\\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`,
  )
const live = (host: MiniHost) => host.must(`cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')}`)
