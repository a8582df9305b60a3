import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { becomes, isLocked } from '../../integration/hosts/guard.ts'
import { allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { acceptedConnections } from '../../integration/hosts/rules.ts'
import { settledAs } from '../../integration/hosts/site.ts'
import { until } from '../../integration/hosts/wait.ts'
import { lieAs } from '../liar.ts'
import { useTrial } from '../trial.ts'
import { giveBack, leadTo, readTrace, takeBoot, takeFiles, takeKeys } from '../twin.ts'

/* The address answers as another host in mid-run: host key, boot id or nonce are others, and nothing is confirmed. */

const PAIRS = ['key', 'boot', 'nonce', 'wanted', 'snapshot', 'other-key', 'other-boot']
const trial = useTrial('another-host', [...PAIRS.flatMap(name => [name, `${name}-twin`]), 'slow', 'twice'])

/** Enough for the hosts that are to be confirmed, all at once on a busy machine. */
const TIME = ['--confirm-timeout', '12']

/** A change that is in force on a host, and can't be confirmed: the second connection doesn't get through. */
async function applied(name: string, others: readonly string[] = []) {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name, ...others], ...TIME)
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}

const planned = (host: string) => (event: Event) => event.type === 'host-planned' && event.host === host

/** No confirmation ever came: the host's own guard ended it. */
async function takesItselfBack(name: string) {
  await becomes(trial.host(name), /^ROLLED_BACK-deadline/)
  await until(
    () => isLocked(trial.host(name)),
    locked => !locked,
  )
  await trial.isOn(name, 'OLD')
}

/** The address leads to the twin from now on: every byte that is there. */
async function leadAstray(name: string) {
  const before = await readTrace(trial, `${name}-twin`)
  await leadTo(trial, name, `${name}-twin`)
  return before
}

/** The host's own guard ended it, and its twin is as it was. */
async function leavesTwinAlone(name: string, before: readonly unknown[]) {
  await takesItselfBack(name)
  expect(await readTrace(trial, `${name}-twin`)).toEqual(before)
}

describe.concurrent('another host answers at the address of one that is to be confirmed', () => {
  it('with another host key: nobody logs in there, and what became of the host is read back', async () => {
    const logins = await acceptedConnections(trial.host('key-twin'))
    const attempt = await applied('key')
    const before = await leadAstray('key')
    await takesItselfBack('key')
    expect(await acceptedConnections(trial.host('key-twin'))).toBe(logins)
    await giveBack(trial, 'key', 'key-twin')
    await trial.ends(attempt, 3, { key: 'reverted: rolled-back' })
    expect(await readTrace(trial, 'key-twin')).toEqual(before)
  })

  it('with the same host key: it was not booted since, so it is not the host', async () => {
    await takeKeys(trial, 'boot', 'boot-twin')
    const attempt = await applied('boot')
    const before = await leadAstray('boot')
    await trial.ends(attempt, 4, { boot: 'unknown: another-host' })
    await leavesTwinAlone('boot', before)
  })

  it('with the same host key and the same boot: it never heard of the change, so it is not the host', async () => {
    await takeKeys(trial, 'nonce', 'nonce-twin')
    await takeBoot(trial, 'nonce', 'nonce-twin')
    const attempt = await applied('nonce')
    const before = await leadAstray('nonce')
    await trial.ends(attempt, 4, { nonce: 'unknown: another-host' })
    await leavesTwinAlone('nonce', before)
  })

  it('with the rules that were wanted, confirmed by the same run: that is no proof', async () => {
    const attempt = await applied('wanted', ['wanted-twin'])
    await attempt.running.until(settledAs('wanted-twin', 'persisted'))
    await takeKeys(trial, 'wanted', 'wanted-twin')
    const before = await leadAstray('wanted')
    await trial.ends(attempt, 4, { wanted: 'unknown: another-host', 'wanted-twin': 'persisted' })
    await leavesTwinAlone('wanted', before)
  })

  it('with all that the host knew, as a snapshot has it: its boot is another one', async () => {
    await takeKeys(trial, 'snapshot', 'snapshot-twin')
    const attempt = await applied('snapshot')
    await takeFiles(trial, 'snapshot', 'snapshot-twin')
    const before = await leadAstray('snapshot')
    await trial.ends(attempt, 4, { snapshot: 'unknown: another-host' })
    await leavesTwinAlone('snapshot', before)
  })
})

it('another host answers at the address of one that was looked at: nothing is armed, there or here', async () => {
  await takeKeys(trial, 'other-boot', 'other-boot-twin')
  const names = ['other-key', 'other-boot']
  const traces = () =>
    Promise.all(names.flatMap(name => [name, `${name}-twin`]).map(one => readTrace(trial, one)))
  const before = await traces()
  const waiting = lieAs('iptables-save', 'while [ ! -e /run/told ]; do sleep 0.1; done; honest "$@"')
  await waiting(trial, 'slow')
  const attempt = await trial.begin([...names, 'slow'], ...TIME)
  for (const name of names) {
    await attempt.running.until(planned(name))
    await leadTo(trial, name, `${name}-twin`)
    await trial.must(name, 'kill $(pgrep -f "^sshd: root@")')
  }
  await trial.must('slow', ': >/run/told')
  await trial.ends(attempt, 3, {
    'other-key': 'unreachable: host-key-changed',
    'other-boot': 'refused: host-changed',
    slow: 'persisted',
  })
  expect(await traces()).toEqual(before)
})

it('one host that the inventory names twice is changed once: the other name hears that it is taken', async () => {
  const { address4, address6 } = trial.host('twice')
  const rows = [`one ansible_host=${address4}`, `other ansible_host=${address6}`]
  const attempt = trial.start(await trial.newSite(rows), ...TIME)
  const { hosts } = await attempt.running.verdict()
  expect(Object.values(hosts).toSorted()).toEqual(['persisted', 'refused: host-busy'])
  await trial.says(attempt, 3, hosts)
  await trial.isOn('twice', 'NEW')
})
