import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LabHost } from '../../../src/lab/host.ts'
import { becomes, secondsUntilBack } from '../../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { until } from '../../integration/hosts/wait.ts'
import { mendTools, replaceTool } from '../backend.ts'
import { beginWithClock, giveClock } from '../faketime.ts'
import { lastJournal } from '../story.ts'
import { pastDeadline, signalGuard, stateOf } from '../strike.ts'
import { type Attempt, SECONDS, useTrial } from '../trial.ts'

/* Clocks that jump and machines that sleep: the deadline is where it was, and the verdict is what the host did. */

const JUMPS = ['+1d', '-1d'] as const
const nameOf = (what: string, jump: string) => `${what}${jump === '+1d' ? 'ahead' : 'back'}`
const EACH = ['host', 'fleet'].flatMap(what => JUMPS.map(jump => nameOf(what, jump)))
const trial = useTrial('clock', [
  ...EACH,
  'stopped',
  'late',
  { name: 'reloaded', systemd: true },
  { name: 'asleep', systemd: true },
])
const host = (name: string) => trial.host(name)
const back = (name: string) => [3, { [name]: 'reverted: rolled-back' }] as const
const kept = (name: string) => [0, { [name]: 'persisted' }] as const

async function applied(name: string, ...args: readonly string[]): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], ...args)
  await becomes(host(name), /^APPLIED/)
  return attempt
}

/** It rolls back by itself, not before its time; then the controller hears of it. */
async function endsOnTime(name: string, attempt: Attempt, seconds = SECONDS): Promise<void> {
  await becomes(host(name), /^ROLLED_BACK/)
  expect(await stateOf(host(name))).toBe('ROLLED_BACK-deadline')
  expect(await secondsUntilBack(host(name))).toBeGreaterThanOrEqual(seconds)
  expect(await secondsUntilBack(host(name))).toBeLessThan(seconds + 5)
  await allowConnections(trial.lab, name)
  await trial.ends(attempt, ...back(name))
}

/** What a process on the host that the guard's runs with takes the date for: days beside the truth. */
async function daysAhead(name: string): Promise<number> {
  const script =
    'env $(tr "\\0" "\\n" </proc/$(pgrep -o -f " guard ")/environ | grep -E "^(LD_PRELOAD|FAKETIME_[TN]|DONT_)") date +%s'
  return Math.round((Number(await trial.must(name, script)) - Date.now() / 1000) / 86_400)
}

/** The days between the first and the last line of a run's journal: its controller's clock really jumped. */
async function daysTold({ site }: Attempt): Promise<number> {
  const lines = await lastJournal(site)
  const [first = 0, last = 0] = [lines[0], lines.at(-1)].map(line => Date.parse(line?.at ?? ''))
  return Math.round((last - first) / 86_400_000)
}

/** Suspends all that runs on a host with systemd, as its hypervisor would. */
async function freeze(one: LabHost, isFrozen: boolean): Promise<void> {
  const trees = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].map(tree => join(tree, one.namespace))
  const group = trees.find(tree => existsSync(join(tree, 'cgroup.freeze')))
  if (group === undefined) throw new Error(`${one.name} has no cgroup that can be frozen`)
  await writeFile(join(group, 'cgroup.freeze'), isFrozen ? '1' : '0')
}

describe.concurrent('a clock that jumps in the window', () => {
  it.each(JUMPS)("the host's, %s: the deadline stays, and so does the time to confirm", async by => {
    const name = nameOf('host', by)
    const jump = await giveClock(host(name))
    const unheard = await applied(name)
    await jump(by)
    expect(await daysAhead(name)).toBe(by === '+1d' ? 1 : -1)
    await endsOnTime(name, unheard)

    const heard = await applied(name, '--confirm-timeout', '60')
    await jump(by === '+1d' ? '-1d' : '+1d')
    await allowConnections(trial.lab, name)
    await trial.ends(heard, ...kept(name))
  })

  it.each(JUMPS)(
    "fleet's, %s: a change is confirmed, and one that is not in time is taken back",
    async by => {
      const name = nameOf('fleet', by)
      await allowOneConnection(trial.lab, name)
      const late = await beginWithClock(trial, name, '--confirm-timeout', String(SECONDS))
      await becomes(host(name), /^APPLIED/)
      await late.jump(by)
      await endsOnTime(name, late.attempt)
      expect(await daysTold(late.attempt)).toBe(by === '+1d' ? 1 : -1)

      await allowOneConnection(trial.lab, name)
      const { attempt, jump } = await beginWithClock(trial, name, '--confirm-timeout', '60')
      await becomes(host(name), /^APPLIED/)
      await jump(by)
      await allowConnections(trial.lab, name)
      await trial.ends(attempt, ...kept(name))
      expect(await daysTold(attempt)).toBe(by === '+1d' ? 1 : -1)
    },
  )
})

describe.concurrent('systemd is told to read its units again in the window', () => {
  it('the deadline stays, and so does the time to confirm', async () => {
    const name = 'reloaded'
    const unheard = await applied(name, '--confirm-timeout', '12')
    const state = await stateOf(host(name))
    for (const verb of ['daemon-reload', 'daemon-reexec']) {
      await trial.must(name, `systemctl ${verb}`)
      expect(await stateOf(host(name))).toBe(state)
    }
    await endsOnTime(name, unheard, 12)

    const heard = await applied(name, '--confirm-timeout', '60')
    await trial.must(name, 'systemctl daemon-reload; systemctl daemon-reexec')
    await allowConnections(trial.lab, name)
    await trial.ends(heard, ...kept(name))
  })
})

describe.concurrent('a machine that sleeps past the deadline', () => {
  it("fleet's: it says what the host did meanwhile", async () => {
    const attempt = await applied('stopped')
    attempt.running.child.kill('SIGSTOP')
    await allowConnections(trial.lab, 'stopped')
    await becomes(host('stopped'), /^ROLLED_BACK/)
    attempt.running.child.kill('SIGCONT')
    await trial.ends(attempt, ...back('stopped'))
  })

  it('the host: it rolls back as soon as it wakes up', async () => {
    const attempt = await applied('asleep', '--confirm-timeout', '8')
    await freeze(host('asleep'), true)
    await pastDeadline(host('asleep'))
    expect(await stateOf(host('asleep'))).toMatch(/^APPLIED/)
    await freeze(host('asleep'), false)
    await endsOnTime('asleep', attempt, 8)
  })

  it('the host, and of all it runs the guard wakes up last: what was not confirmed in time never is', async () => {
    const attempt = await applied('late', '--confirm-timeout', '8')
    const script = 'while [ -e /hold ]; do : >/confirming; sleep 0.02; done; exec $REAL "$@"'
    await trial.must('late', ': >/hold')
    await replaceTool(host('late'), 'iptables-save', script)
    await allowConnections(trial.lab, 'late')
    await until(
      () => host('late').exec('test -e /confirming'),
      ({ code }) => code === 0,
    )
    await signalGuard(host('late'), 'STOP')
    await pastDeadline(host('late'))
    await trial.must('late', 'rm /hold')
    await until(
      () => stateOf(host('late')),
      state => !state.startsWith('APPLIED'),
    )
    expect(await stateOf(host('late'))).toBe('ROLLING_BACK-deadline')
    await signalGuard(host('late'), 'CONT')
    await mendTools(host('late'))
    await trial.ends(attempt, ...back('late'))
  })
})
