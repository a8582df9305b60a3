import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm, askRollback } from '../../../src/host/guard.ts'
import { look, newNonce, transactionTo, wanted, web } from './change.ts'
import { listed, type MiniHost, put, until } from './mini-host.ts'
import { aHost, armed, over, persisted } from './steps.ts'

/* From the first file that arm writes until the guard has a state: others are there in between. */

/** A tool of this name does this first. */
async function hinder(host: MiniHost, tool: string, script: string): Promise<void> {
  put(host, `usr/local/sbin/${tool}`, `#!/bin/dash\n${script}\nexec /usr/bin/${tool} "$@"\n`)
  await host.must(`chmod 755 /usr/local/sbin/${tool}`)
}

describe('while it is armed', () => {
  it('what a refused change wrote is gone before the next one may begin', async () => {
    const host = await aHost()
    await persisted(host, web)
    await hinder(
      host,
      'rm',
      'case "$*" in */run/fleet/lock*) if flock -n /run/fleet/arming true; then echo free; else echo held; fi >>/heard ;; esac',
    )
    await expect(armed(host, wanted(), { base: 0, generation: 1 })).rejects.toMatchObject({
      code: 'host-changed',
    })
    expect(new Set((await host.must('cat /heard')).trim().split('\n'))).toEqual(new Set(['held']))
    expect(listed(join(host.root, 'run/fleet'))).not.toContain('lock')
  })

  it('who stops sending holds the host no longer than the time that he said it takes', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const nonce = newNonce()
    await host.must(
      `setsid sh -c 'exec sleep 1000 | /bin/sh /var/lib/fleet/host-*.sh "" arm ${'0'.repeat(64)} ${nonce} 2' </dev/null >/answer 2>&1 &`,
    )
    await until(() => existsSync(join(host.root, 'var/lib/fleet/txn', nonce)), 'somebody to be sending')
    await expect(armed(host, web)).resolves.toMatchObject({ answer: { needsGo: false } })
    expect(await host.must('cat /answer')).toContain('why=storage')
    expect(listed(join(host.root, 'var/lib/fleet/txn'))).not.toContain(nonce)
  })

  it('who takes a change back waits until it has a state, and it is disarmed', async () => {
    const host = await aHost()
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await hinder(host, 'unshare', 'while [ -e /hold ]; do sleep 0.05; done')
    await host.must(': >/hold')
    const arming = arm(session, transaction).catch(error => error.code)
    await until(
      async () => (await host.must('ps -eo args')).includes('/usr/local/sbin/unshare'),
      'the rehearsal',
    )
    const taking = over(host, other => askRollback(other, transaction.nonce)).catch(error => error.code)
    await until(
      async () => (await host.must('ps -eo args')).includes('flock -w 10 8'),
      'somebody to wait for the lock',
    )
    await host.must('rm /hold')
    expect(await taking).toMatchObject({ name: 'DISARMED', why: 'asked' })
    await arming
    await session.close()
    expect(listed(join(host.root, 'run/fleet'))).not.toContain('lock')
  })
})
