import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm, askRollback, awaitApplied, go } from '../../../src/host/guard.ts'
import type { Family, PerFamily } from '../../../src/model/family.ts'
import { filter, look, transactionTo, wanted, web } from './change.ts'
import { put, until } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  becomes,
  bootId,
  breakAfterRehearsal,
  confirmed,
  disk,
  guardOf,
  kill,
  leftovers,
  over,
  persisted,
  rules,
  stateFile,
  stateOf,
} from './steps.ts'

const base = filter('INPUT -i lo -j ACCEPT', 'INPUT -p tcp -m tcp --dport 22 -j ACCEPT')

describe('the way to persisted', () => {
  it('changes nothing while the session that armed it is there', async () => {
    const host = await aHost()
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    expect((await arm(session, transaction)).needsGo).toBe(false)
    await until(() => guardOf(host, transaction) !== undefined, 'the guard')
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(await rules(host)).toBe(before)
    expect(stateFile(host, transaction)).toMatch(/^ARMED-/)

    await session.close()
    await becomes(host, transaction, 'APPLIED')
    expect(await rules(host)).toContain('--dport 443')
  })

  it('waits for a go where the session has no sshd', async () => {
    const host = await aHost()
    const session = await host.connect({ program: 'tailscaled' })
    const transaction = transactionTo(await look(session, web), web)
    expect((await arm(session, transaction)).needsGo).toBe(true)
    await session.close()
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(stateFile(host, transaction)).toMatch(/^ARMED-/)
    await over(host, fresh => go(fresh, transaction.nonce))
    await becomes(host, transaction, 'APPLIED')
  })

  it('says how long ago it applied and how long it has, then persists, and the guard goes', async () => {
    const host = await aHost()
    const transaction = await armed(host, web)
    const state = await over(host, session => awaitApplied(session, transaction.nonce))
    expect(state).toMatchObject({ name: 'APPLIED', bootId: await bootId(host) })
    expect(state.age).toBeLessThan(30_000)
    expect((state.age ?? 0) + (state.left ?? 0)).toBeLessThanOrEqual(30_000)
    expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 1, isInForce: true })
    await until(() => !guardOf(host, transaction), 'the guard to end')
    expect(existsSync(join(host.root, 'run/fleet/lock'))).toBe(false)
    expect(await confirmed(host, transaction), 'once more').toEqual({
      is: 'persisted',
      generation: 1,
      isInForce: true,
    })
    expect((await stateOf(host, transaction)).name).toBe('PERSISTED')
  })
})

describe('a change that is no good', () => {
  const spoil = (texts: PerFamily<string>, family: Family, how: (text: string) => string) => ({
    ...texts,
    [family]: how(texts[family]),
  })
  it.each([
    ['does not load', 'do', () => '*filter\n-A INPUT -j NOWHERE\nCOMMIT\n'],
    ['leads elsewhere', 'do', (text: string) => text.replace('443', '444')],
    ['does not lead back', 'undo', () => ''],
  ] as const)('is refused before anything changes: it %s', async (_, part, how) => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = [await rules(host), leftovers(host)]
    for (const family of [4, 6] as const) {
      const session = await host.connect()
      const good = transactionTo(await look(session, web), web)
      const bad = { ...good, [part]: spoil(good[part], family, how) }
      await expect(arm(session, bad)).rejects.toMatchObject({ code: 'host-unloadable', hostState: 'refused' })
      await session.close()
    }
    expect([await rules(host), leftovers(host)]).toEqual(before)
  })
})

describe('the way back', () => {
  it.each([
    ['nobody confirms', 'deadline', async () => {}],
    [
      'the controller asks',
      'asked',
      async (host: Awaited<ReturnType<typeof aHost>>, nonce: string) => {
        await over(host, session => askRollback(session, nonce))
      },
    ],
    [
      'somebody at the console asks',
      'asked',
      async (host: Awaited<ReturnType<typeof aHost>>) => {
        await host.exec('/var/lib/fleet/rollback')
      },
    ],
    [
      'the guard is told to end',
      'terminated',
      (host: Awaited<ReturnType<typeof aHost>>, nonce: string) => kill(host, { nonce }, 'TERM'),
    ],
  ])('puts both families back when %s', async (_, why, act) => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = [await rules(host), await disk(host)]
    const transaction = await applied(host, web, { confirmTimeout: why === 'deadline' ? 800 : 30_000 })
    await act(host, transaction.nonce)
    await becomes(host, transaction, `ROLLED_BACK-${why}`)
    expect(await rules(host)).toBe(before[0])
    await until(() => !guardOf(host, transaction), 'the guard to end')
    expect(await confirmed(host, transaction)).toMatchObject({
      is: 'not confirmed',
      state: { name: 'ROLLED_BACK', why },
    })
    expect(existsSync(join(host.root, 'run/fleet/lock'))).toBe(false)
    const third = await persisted(host, web)
    expect(third.generation, 'a rolled back one took no number').toBe(2)
  })

  it('is disarmed, and changes nothing, when the controller asks before the session is gone', async () => {
    const host = await aHost()
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await arm(session, transaction)
    const state = await over(host, other => askRollback(other, transaction.nonce))
    expect(state).toMatchObject({ name: 'DISARMED', why: 'asked' })
    await session.close()
    await until(() => !guardOf(host, transaction), 'the guard to end')
    expect(await rules(host)).toBe(before)
  })

  it('rolls back when the second family fails to load', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    await breakAfterRehearsal(host, 'ip6tables-restore', 'exit 1')
    const transaction = await armed(host, web)
    await becomes(host, transaction, 'ROLLED_BACK-apply-failed')
    expect(await rules(host)).toBe(before)
  })

  it('rolls back when a load says that it worked and did not', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    await breakAfterRehearsal(host, 'ip6tables-restore', 'exit 0')
    const transaction = await armed(host, web)
    await becomes(host, transaction, 'ROLLED_BACK-mismatch')
    expect(await rules(host)).toBe(before)
  })

  it('makes an undo from what is live when the precise one fails', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    await host.must('iptables -I INPUT 2 -s 203.0.113.5 -j RETURN; iptables -A INPUT -s 203.0.113.6 -j DROP')
    const before = await rules(host)
    const transaction = await applied(host, web)
    await host.must('iptables -I INPUT -s 203.0.113.7 -j RETURN')
    for (const family of [4, 6])
      put(
        host,
        `var/lib/fleet/txn/${transaction.nonce}/undo.${family}`,
        '*filter\n-D INPUT -j NONE\nCOMMIT\n',
      )
    await over(host, session => askRollback(session, transaction.nonce))
    expect(stateFile(host, transaction)).toBe('ROLLED_BACK-asked')
    const after = await rules(host)
    expect(after).toBe(before.replace('-A INPUT', '-A INPUT -s 203.0.113.7/32 -j RETURN\n-A INPUT'))
  })
})

it('leaves what it wants on disk only after the confirmation', async () => {
  const host = await aHost()
  await persisted(host, wanted())
  const before = await disk(host)
  await applied(host, web, { confirmTimeout: 700 }).then(transaction =>
    becomes(host, transaction, 'ROLLED_BACK'),
  )
  const unstaged = (text: string) =>
    text
      .split('\n')
      .filter(line => !line.includes('/staged-'))
      .join('\n')
  expect(unstaged(await disk(host))).toBe(unstaged(before))
  expect(await rules(host)).toContain(base.split('\n')[4])
})
