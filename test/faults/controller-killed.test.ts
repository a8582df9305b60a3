import { describe, expect, it } from 'vitest'
import { becomes, secondsUntilBack } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { step } from '../integration/hosts/site.ts'
import { hold, isAwaited, isHeld, letGo } from './hold.ts'
import { type Attempt, SECONDS, type Side, useTrial } from './trial.ts'

/*
 * The controller is killed (kill -9) after each of its steps: OLD before it confirmed, NEW after, and whoever comes
 * next says what happened. Where a moment would be over too soon, a tool on the host holds still in it.
 */

interface Moment {
  /** Brings a run to this moment; what was held for that is free again once fleet is dead. */
  readonly reach: (name: string) => Promise<Attempt>
  /** What became of it, and where its host ends. */
  readonly ends: readonly [state: string, side: Side]
  /** Seconds to confirm, where they aren't the shortest. */
  readonly seconds?: number
}

/** Where what is tried isn't the deadline, it is far away: it must not be what a slow machine comes to first. */
const FAR = ['--confirm-timeout', '60'] as const
/** What has to be caught within the window takes longer than the shortest on a slow machine. */
const WINDOW_SECONDS = 12

const BACK = ['ROLLED_BACK-deadline', 'OLD'] as const
const DONE = ['PERSISTED', 'NEW'] as const
const MOMENTS = {
  // The arm goes on, and that its session is gone is the go.
  arming: { reach: name => heldAt(name, 'arming'), ends: BACK },
  armed: { reach: armed, ends: BACK },
  closed: { reach: closed, ends: BACK },
  awaiting: { reach: awaiting, ends: BACK },
  applied: { reach: applied, ends: BACK, seconds: WINDOW_SECONDS },
  gates: { reach: amidGates, ends: BACK, seconds: WINDOW_SECONDS },
  asked: { reach: name => heldAt(name, 'confirming', ...FAR), ends: DONE },
  confirmed: { reach: name => heldAt(name, 'persisting', ...FAR), ends: DONE },
  answered: { reach: answered, ends: DONE },
} satisfies Readonly<Record<string, Moment>>
const VERDICT: Readonly<Record<Side, readonly [code: number, said: string]>> = {
  OLD: [3, 'reverted: rolled-back'],
  NEW: [0, 'persisted'],
}

const OTHERS = ['planned', 'slow', 'late', 'left', 'first', 'second', 'third']
const trial = useTrial('controller-killed', [
  ...OTHERS,
  ...Object.keys(MOMENTS),
  { name: 'sys', systemd: true },
])

/** Everything is armed and the answer is on its way, to a fleet that doesn't read it any more. */
async function armed(name: string): Promise<Attempt> {
  const attempt = await heldAt(name, 'arming')
  attempt.running.child.kill('SIGSTOP')
  await letGo(trial.host(name))
  await becomes(trial.host(name), /^ARMED/)
  return attempt
}

/** The connection that armed is closed, the guard begins, and no other connection is there yet. */
async function closed(name: string): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await heldAt(name, 'applying')
  await attempt.running.until(step(name, 'armed'))
  return attempt
}

/** A fresh connection waits for the rules to come into force. */
async function awaiting(name: string): Promise<Attempt> {
  const attempt = await heldAt(name, 'applying')
  await isAwaited(trial.host(name))
  return attempt
}

async function applied(name: string): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], '--confirm-timeout', String(WINDOW_SECONDS))
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}

/**
 * Passes before the change, and says nothing after it: not even once the host is back on its old rules, or a fleet that
 * isn't killed by then would come to its own end.
 */
const HANGING =
  'if [ -e /passed ]; then while [ -e /hold ]; do : >/held; sleep 0.05; done; else : >/passed; fi'

async function amidGates(name: string): Promise<Attempt> {
  await trial.must(name, ': >/hold')
  const site = await trial.newSite([name], {
    'fleet.yml': `rollout:\n  gates: [{command: "${HANGING}", timeout: 60s}]\n`,
  })
  const attempt = trial.start(site, '--confirm-timeout', String(WINDOW_SECONDS))
  await isHeld(trial.host(name))
  return attempt
}

/** The host has everything on disk, and fleet hasn't read its answer. */
async function answered(name: string): Promise<Attempt> {
  const attempt = await heldAt(name, 'persisting', ...FAR)
  attempt.running.child.kill('SIGSTOP')
  await letGo(trial.host(name))
  await becomes(trial.host(name), /^PERSISTED/)
  return attempt
}

async function heldAt(
  name: string,
  place: Parameters<typeof hold>[1],
  ...args: readonly string[]
): Promise<Attempt> {
  await hold(trial.host(name), place)
  const attempt = await trial.begin([name], ...args)
  await isHeld(trial.host(name))
  return attempt
}

async function killed({ running }: Attempt, ...names: readonly string[]): Promise<void> {
  await running.kill()
  for (const name of names) await letGo(trial.host(name))
}

const resume = ({ site }: Attempt): Attempt => ({
  site,
  running: site.start('resume', '--connect-timeout', '3'),
})
const again = ({ site }: Attempt): Attempt => trial.start(site, ...FAR)

/** Kills fleet in this moment, sees the host to its end, and hears from `fleet resume` what that is. */
async function dies(moment: Moment, name: string): Promise<Attempt> {
  const attempt = await moment.reach(name)
  await killed(attempt, name)
  const [state, side] = moment.ends
  await becomes(trial.host(name), new RegExp(`^${state}`))
  await trial.isOn(name, side)
  await allowConnections(trial.lab, name)
  const [code, said] = VERDICT[side]
  await trial.ends(resume(attempt), code, { [name]: said })
  return attempt
}

/** What was taken back was so within its time and 5 s, by the host's own clock. */
async function wasInTime(name: string, { ends, seconds = SECONDS }: Moment): Promise<boolean> {
  const taken = await secondsUntilBack(trial.host(name))
  return ends === BACK ? taken < seconds + 5 : Number.isNaN(taken)
}

describe.concurrent('fleet is killed', () => {
  it('once a host is observed, and while another one is: nothing was begun, and resume begins it', async () => {
    await hold(trial.host('slow'), 'observing')
    const attempt = await trial.begin(['planned', 'slow'])
    await attempt.running.until(event => event.type === 'host-planned' && event.host === 'planned')
    await isHeld(trial.host('slow'))
    await killed(attempt, 'slow')
    for (const name of ['planned', 'slow']) await trial.isOn(name, 'OLD')
    // Nobody had seen the whole plan yet.
    const said = 'not started: never-armed'
    await trial.ends(resume(attempt), 3, { planned: said, slow: said })
    await trial.ends(again(attempt), 0, { planned: 'persisted', slow: 'persisted' })
  })

  it.each(Object.entries(MOMENTS))('(%s) and the next one says what became of it', async (name, moment) => {
    const attempt = await dies(moment, name)
    expect(await wasInTime(name, moment)).toBe(true)
    const said = moment.ends[1] === 'OLD' ? 'persisted' : 'unchanged'
    await trial.says(again(attempt), 0, { [name]: said })
    await trial.isOn(name, 'NEW')
  })

  it('when confirm was sent, and the host comes to it after its deadline: too late', async () => {
    const host = trial.host('late')
    const attempt = await heldAt('late', 'confirming')
    await attempt.running.kill()
    await becomes(host, /^ROLLED_BACK-deadline/)
    await letGo(host)
    await trial.ends(resume(attempt), 3, { late: 'reverted: rolled-back' })
  })

  it('on a host with systemd, three times', async () => {
    for (const moment of [MOMENTS.armed, MOMENTS.applied, MOMENTS.answered]) {
      await dies(moment, 'sys')
      expect(await wasInTime('sys', moment)).toBe(true)
    }
  })
})

describe.concurrent('fleet is asked to end', () => {
  it('once: hosts in flight are brought to their end, the others are not started', async () => {
    const attempt = await trial.begin(['first', 'second', 'third'], '--forks', '1')
    await attempt.running.until(step('first', 'arming'))
    attempt.running.child.kill('SIGINT')
    await trial.ends(attempt, 3, { first: 'persisted', second: 'not started', third: 'not started' })
  })

  it('twice: hosts in flight are let go of, and roll back', async () => {
    const attempt = await applied('left')
    attempt.running.child.kill('SIGINT')
    await attempt.running.says(/Again to let go/)
    attempt.running.child.kill('SIGINT')
    await trial.ends(attempt, 4, { left: 'unknown: let-go' })
    await becomes(trial.host('left'), /ROLLED_BACK/)
    await trial.isOn('left', 'OLD')
    await allowConnections(trial.lab, 'left')
    await trial.ends(resume(attempt), 3, { left: 'reverted: rolled-back' })
  })
})
