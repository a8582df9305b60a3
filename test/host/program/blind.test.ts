import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm } from '../../../src/host/guard.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import { listed, type MiniHost, put, until } from './mini-host.ts'
import { aHost, applied, becomes, confirmed, guardOf, persisted, rules, stateFile } from './steps.ts'

/* The guard, where what describes the change is lost, or where no state can be renamed for a while. */

const loseMeta = (host: MiniHost, nonce: string) => host.must(`rm /var/lib/fleet/txn/${nonce}/meta`)
const holds = (host: MiniHost) => listed(join(host.root, 'run/fleet')).includes('lock')

describe('a change whose description is lost', () => {
  it('is taken back at its deadline, and lets go of the host', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web, { confirmTimeout: 1500 })
    await loseMeta(host, transaction.nonce)
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host)).toBe(before)
    await until(() => !holds(host), 'the lock to be let go of')
    await persisted(host, web)
  })

  it('is taken back from the console', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web)
    await loseMeta(host, transaction.nonce)
    const { code, stdout } = await host.exec('sh /var/lib/fleet/rollback')
    expect({ code, stdout }).toEqual({ code: 10, stdout: expect.stringContaining('The old rules are back') })
    expect(await rules(host)).toBe(before)
    expect(holds(host)).toBe(false)
  })

  it('is disarmed where it had not begun', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await arm(session, transaction)
    await host.must(`kill -STOP ${guardOf(host, transaction)}`)
    await loseMeta(host, transaction.nonce)
    // The one that is started in its place reads it anew.
    await host.must(`kill -KILL ${guardOf(host, transaction)}`)
    await becomes(host, transaction, 'DISARMED-damaged')
    await until(() => !holds(host), 'the lock to be let go of')
    await session.close()
    expect(await rules(host)).toBe(before)
  })
})

describe('where no state can be renamed for a while', () => {
  it('a confirm in the middle of its work and a rollback exclude each other', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const transaction = await applied(host, web)
    put(
      host,
      'usr/local/sbin/mv',
      '#!/bin/dash\ncase "$*" in */CONFIRMED-*) : >/renames; while [ -e /hold ]; do sleep 0.02; done ;; esac\nexec /usr/bin/mv "$@"\n',
    )
    await host.must('chmod 755 /usr/local/sbin/mv; : >/hold')
    const confirming = confirmed(host, transaction).catch(error => error.code)
    await until(async () => (await host.exec('test -e /renames')).code === 0, 'the confirm to rename')
    await host.must('mount --bind /run /run && mount -o remount,bind,ro /run')
    await host.must(`kill -TERM ${guardOf(host, transaction)}`)
    const isBack = async () => !(await rules(host)).includes('--dport 443')
    const waits = async () => (await host.must('ps -eo args')).includes('flock -w 20 6')
    await until(async () => (await isBack()) || (await waits()), 'the guard to take it back')
    await host.must('umount -l /run; rm /hold')
    expect(await confirming).toEqual({ is: 'persisted', generation: 2, isInForce: true })
    expect(stateFile(host, transaction)).toMatch(/^PERSISTED/)
    expect(await rules(host)).toContain('--dport 443')
    await until(() => guardOf(host, transaction) === undefined, 'the guard to end')
    expect(await rules(host)).toContain('--dport 443')
  })
})
