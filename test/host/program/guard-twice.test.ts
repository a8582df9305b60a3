import { describe, expect, it } from 'vitest'
import { arm, confirm } from '../../../src/host/guard.ts'
import { look, newNonce, transactionTo, wanted, web } from './change.ts'
import { put } from './mini-host.ts'
import { aHost, applied, armed, confirmed, leftovers, over, persisted, stateFile, stateOf } from './steps.ts'

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
})
