import { describe, expect, it } from 'vitest'
import { arm, awaitApplied } from '../../../src/host/guard.ts'
import type { Session } from '../../../src/session/session.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import { aHost, applied, becomes, kill, over, persisted, restart, rules } from './steps.ts'

/** What a container sees in the place of the kernel's own clock is another file's word. */
const shows = (host: MiniHost, uptime: string) =>
  host.must(`echo '${uptime.trim()}' >/run/uptime; mount --bind /run/uptime /proc/uptime`)

const ago = (host: MiniHost, seconds: number) =>
  host.must(`awk '{ printf "%.2f %s\\n", $1 - ${seconds}, $2 }' /proc/uptime`)

describe('the clock of a host', () => {
  it.each([
    ['goes back', async (host: MiniHost) => shows(host, await ago(host, 5000))],
    ['nobody can read any more', (host: MiniHost) => shows(host, '')],
  ])('that %s: the time is up', async (_, fails) => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web, { confirmTimeout: 60_000 })
    await fails(host)
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host)).toBe(before)
  })

  it('that nobody can read any more: a guard that has to begin anew takes back', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web, { confirmTimeout: 60_000 })
    await kill(host, transaction)
    await shows(host, '')
    await restart(host, transaction)
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host)).toBe(before)
  })

  it('that went back while it is armed: it never begins', async () => {
    const host = await aHost()
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await arm(session, transaction)
    await shows(host, await ago(host, 5000))
    await becomes(host, transaction, 'DISARMED-session')
    await session.close()
    expect(await rules(host)).toBe(before)
  })

  it('that nobody can read: nothing is armed', async () => {
    const host = await aHost()
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await shows(host, '')
    await expect(arm(session, transaction)).rejects.toMatchObject({
      code: 'host-refuses',
      args: { why: 'lacks', detail: '/proc/uptime' },
    })
    await session.close()
  })

  it('tells how old the session is that asks', async () => {
    const host = await aHost()
    const old = await host.connect()
    const transaction = await applied(host, web)
    const ages = async (session: Session) => awaitApplied(session, transaction.nonce)
    const { age = 0, sessionAge = Infinity } = await over(host, ages)
    expect(sessionAge).toBeLessThan(age)
    const before = await ages(old)
    expect(before.sessionAge).toBeGreaterThan(before.age ?? Infinity)
    await old.close()
  })
})
