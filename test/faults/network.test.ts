import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Lab } from '../../src/lab/lab.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { step } from '../integration/hosts/site.ts'
import { until } from '../integration/hosts/wait.ts'
import { FarLine } from './far-line.ts'
import { story } from './story.ts'
import { useTrial } from './trial.ts'

/* Hosts at the end of a bad line: far, slow, lossy, cut in the window, or deaf to one side at the worst moment. */

// Each of them waits most of the time.
vi.setConfig({ maxConcurrency: 20 })

const trial = useTrial('network', [
  'far',
  'lossy',
  'slow',
  'confirmed',
  'too-late',
  'unheard',
  'unasked',
  'broken',
])
/** Seconds to confirm that no machine is too slow for: who confirms doesn't wait for them to pass. */
const PLENTY = '120'

/** The window is open, and no connection comes through until `allowConnections`. */
async function opened(name: string, ...args: readonly string[]) {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], ...args)
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}

/** From now on a program waits on the host wherever its command line has this word; the answer lets it go on. */
async function hold(name: string, program: string, word: string): Promise<() => Promise<string>> {
  const shim = `/usr/local/sbin/${program.split('/').at(-1)}`
  const wait = String.raw`#!/bin/dash\ncase "$*" in *${word}*) while [ -e /hold ]; do sleep 0.05; done ;; esac\n`
  await trial.must(name, `: >/hold; printf '${wait}exec ${program} "$@"\n' >${shim}; chmod 755 ${shim}`)
  return () => trial.must(name, `rm /hold ${shim}`)
}

/** Whatever the host still says on the connections of now never comes in, and they aren't broken off either. */
async function loseAnswers(lab: Lab, name: string): Promise<void> {
  const from = lab.host(name).address4
  const open = await lab.run(['ss', '-Htn', 'state', 'established', 'dst', from])
  const ports = [...open.stdout.matchAll(/:(\d+)\s+\S+:22\s/g)].map(match => match[1] ?? '')
  expect(ports).toHaveLength(1)
  for (const port of ports)
    await lab.run(['iptables', '-A', 'INPUT', '-s', from, '-p', 'tcp', '--dport', port, '-j', 'DROP'])
}

describe.concurrent('a host is confirmed', () => {
  it('over a line of which each tenth packet is lost', async () => {
    await FarLine.to(trial.lab, 'lossy', { delay: 0.02, loss: 0.1 })
    const attempt = await trial.begin(['lossy'], '--confirm-timeout', PLENTY)
    await trial.ends(attempt, 0, { lossy: 'persisted' })
  })

  it('over 64 kbit/s', async () => {
    await FarLine.to(trial.lab, 'slow', { rate: 64_000 })
    const attempt = await trial.begin(['slow'], '--confirm-timeout', PLENTY)
    await trial.ends(attempt, 0, { slow: 'persisted' })
  })

  it('over a line so far that a login takes several times the connect timeout', async () => {
    await FarLine.to(trial.lab, 'far', { delay: 0.6 })
    const attempt = await trial.begin(['far'], '--confirm-timeout', PLENTY)
    await trial.ends(attempt, 0, { far: 'persisted' })
  })

  it('after its line was cut for 20 s, if there is time left', async () => {
    const line = await FarLine.to(trial.lab, 'confirmed')
    const attempt = await opened('confirmed', '--confirm-timeout', PLENTY)
    await line.cut()
    await allowConnections(trial.lab, 'confirmed')
    await sleep(20_000)
    await line.shape({})
    await trial.ends(attempt, 0, { confirmed: 'persisted' })
  })

  it('when the connection breaks while it is armed: that is the go as well', async () => {
    const release = await hold('broken', '/usr/bin/unshare', 'rehearse-change')
    const attempt = await trial.begin(['broken'])
    await until(
      () => trial.host('broken').exec('pgrep -f [r]ehearse-change'),
      ({ code }) => code === 0,
    )
    await trial.must('broken', "pkill -f '[s]shd: root@notty'")
    await release()
    await trial.ends(attempt, 0, { broken: 'persisted' })
    const steps = await story(attempt.site, 'broken')
    expect(steps.filter(one => one === 'arming')).toHaveLength(1)
  })

  it('and the answer is lost: a fresh connection hears it', async () => {
    const release = await hold('unheard', '/usr/sbin/netfilter-persistent', '')
    const attempt = await trial.begin(['unheard'])
    await becomes(trial.host('unheard'), /^CONFIRMED/)
    await loseAnswers(trial.lab, 'unheard')
    await release()
    await becomes(trial.host('unheard'), /^PERSISTED/)
    await trial.ends(attempt, 0, { unheard: 'persisted' })
    const steps = await story(attempt.site, 'unheard')
    expect(steps.filter(one => one === 'confirming')).toHaveLength(2)
  })
})

describe.concurrent('a host takes the change back', () => {
  it('when its line is cut for longer than it waits', async () => {
    const line = await FarLine.to(trial.lab, 'too-late')
    const attempt = await opened('too-late')
    await line.cut()
    await allowConnections(trial.lab, 'too-late')
    await becomes(trial.host('too-late'), /ROLLED_BACK/)
    await trial.isOn('too-late', 'OLD')
    await line.shape({})
    await trial.ends(attempt, 3, { 'too-late': 'reverted: rolled-back' })
  })

  it('when confirm is lost on the way, and comes too late', async () => {
    const line = await FarLine.to(trial.lab, 'unasked')
    const attempt = await opened('unasked', '--confirm-timeout', '30')
    await line.shape({ delay: 0.8 }, 'out')
    await allowConnections(trial.lab, 'unasked')
    await attempt.running.until(step('unasked', 'confirming'))
    await line.cut('out')
    await becomes(trial.host('unasked'), /ROLLED_BACK/)
    await line.shape({})
    await trial.ends(attempt, 3, { unasked: 'reverted: rolled-back' })
  })
})
