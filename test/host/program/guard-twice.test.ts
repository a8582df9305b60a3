import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm, askRollback, confirm } from '../../../src/host/guard.ts'
import { look, newNonce, transactionTo, wanted, web } from './change.ts'
import { listed, put, until } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  confirmed,
  kill,
  leftovers,
  over,
  persisted,
  stateFile,
  stateOf,
} from './steps.ts'

describe('two at once, and what comes twice', () => {
  it('says who holds the host and since when', async () => {
    const host = await aHost()
    await applied(host, web)
    await expect(armed(host, wanted())).rejects.toMatchObject({
      code: 'host-busy',
      args: { who: 'tester@controller', since: '2026-01-01T00:00:00Z', run: 'run-1' },
    })
  })

  it('refuses a nonce that was used, an unknown one, and another boot', async () => {
    const host = await aHost()
    const first = await persisted(host, web)
    await expect(armed(host, wanted(), { nonce: first.nonce })).rejects.toMatchObject({
      code: 'host-refuses',
      args: { why: 'nonce-used' },
    })
    await expect(stateOf(host, { nonce: newNonce() })).rejects.toMatchObject({ code: 'host-unknown-nonce' })
    const second = await applied(host, wanted())
    const boot = 'other'
    await expect(over(host, session => confirm(session, second.nonce, boot))).rejects.toMatchObject({
      code: 'host-unknown-nonce',
    })
    expect(stateFile(host, second)).toMatch(/^APPLIED/)
  })

  it('confirms by the nonce of the change alone: another one leaves it waiting for its own', async () => {
    const host = await aHost()
    const old = await persisted(host, wanted())
    const transaction = await applied(host, web)
    const state = stateFile(host, transaction)
    await expect(confirmed(host, { ...transaction, nonce: newNonce() })).rejects.toMatchObject({
      code: 'host-unknown-nonce',
    })
    expect(await confirmed(host, old), 'the one before is confirmed, and stays so').toMatchObject({
      is: 'persisted',
    })
    expect(stateFile(host, transaction)).toBe(state)
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000001\n')
    expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
  })

  it('never begins beside another one, where the host was forgotten while it waited', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await host.must(
      `mkdir /old; mv /run/fleet/arming /old; ln -s /old/arming /run/fleet; ${holdLock('/old/arming')}`,
    )
    const arming = arm(session, transaction).then(
      () => 'armed',
      error => error.code,
    )
    await until(
      async () => (await host.must('ps -eo args')).includes('flock -w 10 8'),
      'somebody to wait for the lock',
    )
    await host.must(`rm /run/fleet/arming; ${holdLock('/run/fleet/arming')}; kill $(cat /old/arming)`)
    expect(await arming).toBe('host-busy')
    expect(leftovers(host).filter(name => name === transaction.nonce)).toEqual([])
    await session.close()
  })

  it('forgets burnt nonces when there are many, but not the last ones', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    await host.must(
      'cd /run/fleet/txn; for i in 1 2 3; do for j in 0 1 2 3 4 5 6 7 8 9; do mkdir dead$i$j; touch -d -1hour dead$i$j; done; done',
    )
    const burnt = newNonce()
    await expect(over(host, session => askRollback(session, burnt))).rejects.toMatchObject({
      code: 'host-unknown-nonce',
    })
    await persisted(host, web)
    expect(
      listed(join(host.root, 'run/fleet/txn')).filter(name => name.startsWith('dead')).length,
    ).toBeLessThan(6)
    await expect(armed(host, wanted(), { nonce: burnt })).rejects.toMatchObject({
      args: { why: 'nonce-used' },
    })
  })

  it('never steals the lock of a change whose files somebody removed', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    await host.must('rm -r /var/lib/fleet/txn')
    await expect(armed(host, wanted())).rejects.toMatchObject({
      code: 'host-refuses',
      args: { why: 'damaged' },
    })
    expect(stateFile(host, transaction)).toMatch(/^APPLIED/)
  })

  it('knows whether a guard lives also while somebody else looks', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    const alive = `/run/fleet/txn/${transaction.nonce}/alive`
    expect((await over(host, session => look(session, web))).guard).toMatchObject({ alive: true })
    await kill(host, transaction)
    // As every look does, for a moment.
    await host.must(`setsid flock -s ${alive} sh -c ': >/looks; exec sleep 60' </dev/null >/dev/null 2>&1 &`)
    await until(async () => (await host.exec('test -e /looks')).code === 0, 'somebody to look')
    expect((await over(host, session => look(session, web))).guard).toMatchObject({ alive: false })
  })

  it('refuses a run that is older than the generation on the host', async () => {
    const host = await aHost()
    await persisted(host, web)
    await expect(armed(host, wanted(), { base: 0, generation: 1 })).rejects.toMatchObject({
      code: 'host-changed',
    })
    expect(leftovers(host)).toHaveLength(2)
  })

  it('refuses when the rules are not the observed ones any more', async () => {
    const host = await aHost()
    await persisted(host, web)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, wanted()), wanted())
    await host.must('ip6tables -D INPUT -i lo -j ACCEPT')
    await expect(arm(session, transaction)).rejects.toMatchObject({
      code: 'host-changed',
      args: { what: 'rules' },
    })
    await session.close()
  })

  it('does not confirm rules that somebody changed in the window', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    await host.must('iptables -D INPUT -i lo -j ACCEPT')
    expect(await confirmed(host, transaction)).toEqual({ is: 'changed' })
    expect(stateFile(host, transaction)).toMatch(/^APPLIED/)
  })

  it('does not blame others for what its own rollback changed meanwhile', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    const state = `/run/fleet/txn/${transaction.nonce}/state`
    put(
      host,
      'usr/local/sbin/iptables-save',
      `#!/bin/sh\nif mv ${state}/APPLIED-* ${state}/ROLLING_BACK-asked 2>/dev/null; then exit 0; fi\nexec /usr/sbin/iptables-save\n`,
    )
    await host.must('chmod 755 /usr/local/sbin/iptables-save')
    expect((await confirmed(host, transaction)).is).toBe('not confirmed')
  })
})

/** Somebody holds the lock on a file, whose pid is in it then. */
const holdLock = (file: string) =>
  `setsid sh -c 'exec 9>>${file}; flock 9; echo $$ >&9; exec sleep 60' >/dev/null 2>&1 </dev/null & while [ ! -s ${file} ]; do sleep 0.02; done`
