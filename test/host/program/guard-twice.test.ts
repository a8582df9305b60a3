import { describe, expect, it } from 'vitest'
import { arm, confirm } from '../../../src/host/guard.ts'
import { look, newNonce, transactionTo, wanted, web } from './change.ts'
import { put, until } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  bootId,
  confirmed,
  guardOf,
  leftovers,
  over,
  persisted,
  rules,
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

  it('never both confirms and rolls back, however close to the deadline', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const ends = new Set<string>()
    for (let round = 0; round < 20; round += 1) {
      const want = round % 2 === 0 ? web : wanted()
      const transaction = await applied(host, want, { confirmTimeout: 600 })
      const before = await rules(host)
      const left = (await stateOf(host, transaction)).left ?? 0
      const session = await host.connect()
      const boot = await bootId(host)
      await new Promise(resolve => setTimeout(resolve, Math.max(0, left - 90 + round * 8 - 60)))
      const answer = await confirm(session, transaction.nonce, boot)
      await session.close()
      await until(() => /^(PERSISTED|ROLLED_BACK)/.test(stateFile(host, transaction) ?? ''), 'an end')
      await until(() => !guardOf(host, transaction), 'the guard to end')
      const isPersisted = stateFile(host, transaction)?.startsWith('PERSISTED') === true
      expect(answer.is === 'persisted').toBe(isPersisted)
      expect((await rules(host)) === before, 'its rules are in force').toBe(isPersisted)
      ends.add(answer.is)
      if (!isPersisted) await persisted(host, want)
    }
    expect([...ends].toSorted()).toEqual(['not confirmed', 'persisted'])
  })
})
