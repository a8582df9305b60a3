import { describe, expect, it } from 'vitest'
import { wanted, web } from './change.ts'
import { until } from './mini-host.ts'
import { aHost, applied, confirmed, guardOf, persisted, rules } from './steps.ts'

/* Somebody takes the state of a change away while it waits: what was not confirmed can't be any more, and goes. */

describe('a state', () => {
  it.each([
    ['is removed', (nonce: string) => `rm -r /run/fleet/txn/${nonce}`],
    ['goes with all of /run/fleet', () => 'rm -r /run/fleet'],
    ['is hidden under a mount', () => 'mount -t tmpfs tmpfs /run'],
  ])('that %s, and the old rules come back', async (_, how) => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web)
    await host.must(how(transaction.nonce))
    await until(() => !guardOf(host, transaction), 'the guard to end')
    expect(await rules(host)).toBe(before)
    await expect(confirmed(host, transaction)).rejects.toMatchObject({ code: 'host-unknown-nonce' })
  })

  it('that is removed once it is confirmed changes nothing', async () => {
    const host = await aHost()
    const transaction = await persisted(host, web)
    await host.must('rm -r /run/fleet')
    await until(() => !guardOf(host, transaction), 'the guard to end')
    expect(await rules(host)).toContain('--dport 443')
  })
})
