import { describe, expect, it } from 'vitest'
import { wanted, web } from './change.ts'
import { type HostKind, type MiniHost, put, until } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  becomes,
  breakAfterRehearsal,
  kill,
  persisted,
  restart,
  rules,
  stateFile,
} from './steps.ts'

/*
 * Tools that hang, and don't end when they are told to: no rules wait for them. And an iptables-save that is another one
 * than when the change was armed, and has other words for what it reads.
 */

const KINDS: readonly HostKind[] = [{ shell: 'dash' }, { shell: 'busybox', backend: 'legacy' }]

/** Stands in for one that nothing in it can end; it doesn't know whom it keeps waiting. */
const HANGS = "trap '' TERM; while :; do sleep 0.2; done"

/** A `timeout` that waits for ipset for a moment only, whatever it is told (busybox has its own). */
const IMPATIENT = `case "$*" in *" ipset "*)
  k=
  [ "$1" != -k ] || { k='-k 1'; shift 2; }
  shift
  set -- $k 1 "$@"
esac
exec /usr/bin/timeout "$@"`
const PATIENT = 'exec /usr/bin/timeout "$@"'

async function replace(host: MiniHost, tool: string, script: string): Promise<void> {
  put(host, `usr/local/sbin/${tool}`, `#!/bin/dash\n${script}\n`)
  await host.must(`chmod 755 /usr/local/sbin/${tool}`)
}

/** The oldest process of a change's guard is the one that the keeper started; those beside it are its own children. */
const guardsOf = async (host: MiniHost, nonce: string) =>
  (await host.must(`pgrep -f 'guar[d] ${nonce}' || true`)).split('\n').filter(Boolean)

const isHung = (host: MiniHost) =>
  until(async () => /sbin\/ipset/.test(await host.must('ps -eo args')), 'ipset to hang')

const withSet = (port: number) => {
  const { rules } = wanted(`INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`)
  const sets = 'create kept hash:net family inet\nadd kept 203.0.113.0/24\n'
  return {
    rules: {
      4: rules[4].replace('COMMIT', '-A INPUT -m set --match-set kept src -j DROP\nCOMMIT'),
      6: rules[6],
    },
    sets,
  }
}

/** A change is in force on a host with sets, and ipset begins to hang: what stood there before, and the change. */
async function withHungIpset(kind: HostKind, patience: string) {
  const host = await aHost(kind)
  await replace(host, 'timeout', patience)
  await persisted(host, withSet(22))
  const before = await rules(host)
  const transaction = await applied(host, withSet(443))
  await host.must('ipset add kept 10.0.0.0/8')
  await replace(host, 'ipset', HANGS)
  return { host, transaction, before }
}

describe('while ipset hangs', () => {
  it('rules of both families come back, and then its sets, once it does not hang any more', async () => {
    const { host, transaction, before } = await withHungIpset({ shell: 'dash' }, IMPATIENT)
    await kill(host, transaction, 'TERM')
    await until(async () => (await rules(host)) === before, 'the old rules')
    await isHung(host)
    expect(stateFile(host, transaction)).toBe('ROLLING_BACK-terminated')
    await host.must('rm /usr/local/sbin/ipset')
    await becomes(host, transaction, 'ROLLED_BACK-terminated')
    expect(await host.must('ipset save kept')).not.toContain('10.0.0.0/8')
  })

  it.each(KINDS)('a guard that is started again does not wait for it ($shell)', async kind => {
    const { host, transaction, before } = await withHungIpset(kind, PATIENT)
    await kill(host, transaction, 'TERM')
    await until(async () => (await rules(host)) === before, 'the old rules')
    await isHung(host)
    const [keeper, guard] = await guardsOf(host, transaction.nonce)
    await host.must(`kill -9 ${keeper} ${guard}; rm /usr/local/sbin/ipset`)
    await restart(host, transaction)
    await becomes(host, transaction, 'ROLLED_BACK-terminated')
    await isHung(host)
    expect(await host.must('ipset save kept')).not.toContain('10.0.0.0/8')
  })
})

it.each(KINDS)(
  'a load that hangs is over by the deadline, and what came before it is taken back ($shell)',
  async kind => {
    const host = await aHost(kind)
    await persisted(host, wanted())
    const before = await rules(host)
    await breakAfterRehearsal(host, 'ip6tables-restore', HANGS)
    const transaction = await armed(host, web, { confirmTimeout: 2000 })
    await until(async () => (await rules(host)).includes('--dport 443'), 'IPv4 to be applied')
    await becomes(host, transaction, 'ROLLED_BACK-apply-failed')
    expect(await rules(host)).toBe(before)
  },
)

it.each(KINDS)(
  'rules that are read in other words are put there once, not with every try ($shell)',
  async kind => {
    const host = await aHost(kind)
    await persisted(host, wanted())
    const before = await rules(host)
    const transaction = await applied(host, web)
    await replace(host, 'iptables-save', '/usr/sbin/iptables-save "$@" | sed "s/--dport 22 /--dport ssh /"')
    await kill(host, transaction, 'TERM')
    await becomes(host, transaction, 'STUCK')
    expect((await host.must('iptables -S INPUT')).match(/--dport 22 /g)).toHaveLength(2)
    await host.must('rm /usr/local/sbin/iptables-save')
    await becomes(host, transaction, 'ROLLED_BACK-terminated')
    expect(await rules(host)).toBe(before)
  },
)

it.each(KINDS)('rules of the change that are read in other words go all the same ($shell)', async kind => {
  const host = await aHost(kind)
  await persisted(host, wanted('INPUT -p tcp -m tcp --dport 80 -j ACCEPT'))
  const before = await rules(host)
  const transaction = await applied(host, web)
  await replace(host, 'iptables-save', '/usr/sbin/iptables-save "$@" | sed "s/--dport 443 /--dport https /"')
  await kill(host, transaction, 'TERM')
  await becomes(host, transaction, 'ROLLED_BACK-terminated')
  await host.must('rm /usr/local/sbin/iptables-save')
  expect(await rules(host)).toBe(before)
})

const PORTS = Array.from({ length: 200 }, (_, at) => `INPUT -p tcp -m tcp --dport ${1000 + at} -j ACCEPT`)

it.each(KINDS)(
  'hundreds of rules that somebody flushed are not looked for one by one ($shell)',
  async kind => {
    const host = await aHost(kind)
    await persisted(host, wanted())
    const before = await rules(host)
    await host.must('iptables -A INPUT -s 192.0.2.1 -j DROP')
    const transaction = await applied(host, wanted(...PORTS))
    await host.must('iptables -F INPUT; iptables -A INPUT -p tcp --dport 2222 -j ACCEPT')
    await replace(host, 'iptables-restore', 'echo >>/root/loads; exec /usr/sbin/iptables-restore "$@"')
    await kill(host, transaction, 'TERM')
    await becomes(host, transaction, 'ROLLED_BACK-terminated')
    expect((await host.must('cat /root/loads')).length).toBeLessThan(20)
    await host.must('iptables -D INPUT -p tcp --dport 2222 -j ACCEPT')
    expect(await rules(host)).toBe(before)
  },
)
