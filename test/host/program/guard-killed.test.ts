import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm } from '../../../src/host/guard.ts'
import { EMPTY, look, transactionTo, wanted, web } from './change.ts'
import { type MiniHost, put, until } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  becomes,
  breakAfterRehearsal,
  confirmed,
  guardOf,
  kill,
  over,
  persisted,
  restart,
  rules,
  stateFile,
} from './steps.ts'

describe('a guard that is killed', () => {
  it('and started again while armed waits for the session, then applies', async () => {
    const host = await aHost()
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await arm(session, transaction)
    await kill(host, transaction)
    await host.must(
      `setsid /bin/sh /var/lib/fleet/host-*.sh '' ${await guardWords(host, session, transaction.nonce)} </dev/null >/dev/null 2>&1 &`,
    )
    await until(() => guardOf(host, transaction) !== undefined, 'the guard')
    expect(stateFile(host, transaction)).toMatch(/^ARMED-/)
    await session.close()
    await becomes(host, transaction, 'APPLIED')
  })

  it('in the middle of applying rolls back and never applies twice', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    put(host, 'hold', '')
    await breakAfterRehearsal(host, 'ip6tables-restore', 'while [ -e /hold ]; do sleep 0.02; done')
    const transaction = await armed(host, web)
    await becomes(host, transaction, 'APPLYING')
    await until(async () => (await rules(host)).includes('--dport 443'), 'IPv4 to be applied')
    await kill(host, transaction)
    await host.must('rm /hold')
    await restart(host, transaction)
    await becomes(host, transaction, 'ROLLED_BACK-restarted')
    expect(await rules(host)).toBe(before)
  })

  it('after applying keeps its deadline, and can still be confirmed', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    const state = stateFile(host, transaction)
    await kill(host, transaction)
    await restart(host, transaction)
    await until(() => guardOf(host, transaction) !== undefined, 'the guard')
    expect(stateFile(host, transaction)).toBe(state)
    expect((await confirmed(host, transaction)).is).toBe('persisted')
  })

  it('after applying rolls back at the deadline that it had', async () => {
    const host = await aHost()
    const before = await rules(host)
    const transaction = await applied(host, web, { confirmTimeout: 4000 })
    const deadline = Number(stateFile(host, transaction)?.split('-')[1])
    await kill(host, transaction)
    await until(async () => deadline - (await uptime(host)) < 150, 'most of the time to pass')
    await restart(host, transaction)
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect((await uptime(host)) - deadline).toBeLessThan(400 - 150)
    expect(before).toBe('')
    expect(await rules(host)).toBe(EMPTY.repeat(2))
  })

  it('in the middle of its rollback finishes it, seven times in a row', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web)
    put(host, 'hold', '')
    for (const tool of ['iptables-restore', 'ip6tables-restore']) {
      put(
        host,
        `usr/local/sbin/${tool}`,
        `#!/bin/dash\n[ ! -e /hold ] || exec sleep 60\nexec /usr/sbin/${tool} "$@"\n`,
      )
      await host.must(`chmod 755 /usr/local/sbin/${tool}`)
    }
    await host.must(
      `mv /run/fleet/txn/${transaction.nonce}/state/* /run/fleet/txn/${transaction.nonce}/state/ROLLING_BACK-asked`,
    )
    for (let time = 0; time < 7; time += 1) {
      await until(async () => (await host.must('ps -eo args')).includes('sleep 60'), 'the rollback to hang')
      await kill(host, transaction)
      await host.must(`ps -eo pid,args | awk '/[s]leep 60/ { print $1 }' | xargs -r kill -9`)
      if (time === 6) await host.must('rm /hold')
      await restart(host, transaction)
    }
    await becomes(host, transaction, 'ROLLED_BACK-asked')
    expect(await rules(host)).toBe(before)
  })

  it('after the confirmation finishes persisting', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    await kill(host, transaction)
    const state = `/run/fleet/txn/${transaction.nonce}/state`
    await host.must(`mv ${state}/* ${state}/CONFIRMED-1`)
    await restart(host, transaction)
    await becomes(host, transaction, 'PERSISTED')
    expect(readlinkSync(join(host.root, 'etc/iptables/fleet/current'))).toBe('gen-000001')
  })

  it('alone is started again by its keeper, also without systemd', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web, { confirmTimeout: 1500 })
    const pid = guardOf(host, transaction)
    await host.must(`kill -s KILL ${pid}`)
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host)).toBe(before)
    expect(await host.must('ps -eo args')).not.toContain(transaction.nonce)
  })

  it.each(['dash', 'busybox', 'bash'] as const)(
    'is started again once there is room for a process, where its keeper found none (%s)',
    async shell => {
      const host = await aHost({ shell })
      await persisted(host, wanted())
      const user = '/usr/bin/setpriv --reuid=12345 --regid=12345 --clear-groups'
      // Somebody for whom there is one process and no other.
      await host.must(
        `eval "$(sed -n "/^KEEPER=/,/'$/p" /var/lib/fleet/host-*.sh)"; : >/errors; : >/came; chmod 666 /errors /came
        setsid ${user} prlimit --nproc=1:100 /bin/sh -c "$KEEPER" "$KEEPER" -c 'echo yes >/came' </dev/null >/dev/null 2>/errors &`,
      )
      await until(async () => /fork/.test(await host.must('cat /errors')), 'a fork to fail')
      expect(await host.must('cat /came')).toBe('')
      await host.must(`${user} prlimit --pid "$(/usr/bin/pgrep -u 12345)" --nproc=50:100`)
      await until(async () => (await host.must('cat /came')) === 'yes\n', 'the keeper to go on')
      await until(
        async () => (await host.exec('/usr/bin/pgrep -u 12345')).stdout === '',
        'the keeper to be done',
      )
    },
  )

  it('and its keeper are the last that a host without memory ends', async test => {
    const host = await aHost()
    const { code } = await host.exec('echo -1000 >/proc/self/oom_score_adj')
    test.skip(code !== 0, 'this machine does not let root keep a process from being ended for its memory')
    const transaction = await applied(host, web)
    const scores = await host.must(
      `for pid in $(pgrep -f 'guar[d] ${transaction.nonce}'); do cat /proc/$pid/oom_score_adj; done`,
    )
    expect(scores).toBe('-1000\n-1000\n')
  })

  it('and not started again is finished by the next contact before anything new', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const transaction = await applied(host, web)
    await kill(host, transaction)
    const observed = await over(host, session => look(session, web))
    expect(observed.guard).toMatchObject({ nonce: transaction.nonce, alive: false })
    const other = wanted('INPUT -p tcp -m tcp --dport 80 -j ACCEPT')
    await expect(armed(host, other)).rejects.toMatchObject({ code: 'host-changed' })
    expect(stateFile(host, transaction)).toBe('ROLLED_BACK-abandoned')
    expect(await rules(host)).not.toContain('--dport 443')
    await persisted(host, other)
  })

  it('while armed, and not started again, is disarmed by the next contact', async () => {
    const host = await aHost()
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    await arm(session, transaction)
    await kill(host, transaction)
    await session.close()
    await persisted(host, web)
    expect(stateFile(host, transaction)).toBe('DISARMED-abandoned')
  })
})

/** The words that arm started the guard with. */
async function guardWords(host: MiniHost, session: { connectStart: number }, nonce: string): Promise<string> {
  expect(session.connectStart).toBeGreaterThan(0)
  const pid =
    (await host.must('ps -eo pid,comm | awk \'$2 == "sshd" { print $1 }\'')).trim().split('\n')[0] ?? ''
  const start = (await host.must(`awk '{ print $22 }' /proc/${pid}/stat`)).trim()
  return `guard ${nonce} ${pid} ${start}`
}

/** Hundredths of a second since the boot, the guard's only clock. */
const uptime = async (host: MiniHost) =>
  Number((await host.must('cut -d " " -f 1 /proc/uptime')).trim().replace('.', ''))
