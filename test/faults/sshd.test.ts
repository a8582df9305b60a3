import { describe, expect, it } from 'vitest'
import { becomes } from '../integration/hosts/guard.ts'
import {
  configureSshd,
  failLogin,
  fillStartups,
  holdApplied,
  reopen,
  restartSshd,
  startSshd,
  stopSshd,
  turnedAway,
  turnsAway,
} from './doors.ts'
import { SECONDS, useTrial } from './trial.ts'

/*
 * sshd is stopped, restarted, full, or keeps the controller's address out, in the window between `applied` and
 * `confirmed` or before: the verdict is the host's state, or the host was never touched.
 */

const trial = useTrial('sshd', [
  'stopped',
  'restarted',
  'full',
  'full_later',
  { name: 'sys_stopped', systemd: true },
  { name: 'sys_restarted', systemd: true },
  { name: 'penalty', root: 'trixie' },
  { name: 'penalty_later', root: 'trixie' },
])

/** Seconds to confirm, longer than anything here takes: only what is done in the window ends it. */
const LONG = 25
const MAX_STARTUPS = 'MaxStartups 2:100:2'
/** One failed login is enough, and what strangers do besides counts for nothing. */
const PENALTIES = 'PerSourcePenalties authfail:600s noauth:0s max:600s min:1s'
/** Connections in all that fleet makes where sshd breaks each off before login. */
const TRIES = 3

/** A run that is kept out at the door, and hears why. */
async function isKeptOut(name: string, words: RegExp): Promise<void> {
  const before = await turnedAway(trial, name)
  const attempt = await trial.begin([name])
  await trial.ends(attempt, 3, { [name]: 'unreachable: handshake-lost' })
  expect(await turnedAway(trial, name)).toBe(before + TRIES)
  expect((await attempt.running.end()).stdout).toMatch(words)
}

describe.concurrent('sshd in the window', () => {
  it.each(['stopped', 'sys_stopped'])('is stopped: the host takes itself back (%s)', async name => {
    const attempt = await holdApplied(trial, name, SECONDS)
    await stopSshd(trial, name)
    await reopen(trial, name)
    await becomes(trial.host(name), /ROLLED_BACK/)
    await trial.isOn(name, 'OLD')
    await startSshd(trial, name)
    await trial.ends(attempt, 3, { [name]: 'reverted: rolled-back' })
  })

  it.each(['restarted', 'sys_restarted'])('is restarted: the change is confirmed (%s)', async name => {
    const attempt = await holdApplied(trial, name, LONG)
    await restartSshd(trial, name)
    await reopen(trial, name)
    await trial.ends(attempt, 0, { [name]: 'persisted' })
  })

  it('is full (MaxStartups): reverted, and confirmed once there is room in time', async () => {
    const name = 'full_later'
    await configureSshd(trial, name, MAX_STARTUPS)
    const first = await holdApplied(trial, name, SECONDS)
    const leave = await fillStartups(trial, name)
    await reopen(trial, name)
    await becomes(trial.host(name), /ROLLED_BACK/)
    await leave()
    await trial.ends(first, 3, { [name]: 'reverted: rolled-back' })

    const second = await holdApplied(trial, name, LONG)
    const leaveAgain = await fillStartups(trial, name)
    const before = await turnedAway(trial, name)
    await reopen(trial, name)
    await turnsAway(trial, name, before)
    await leaveAgain()
    await trial.ends(second, 0, { [name]: 'persisted' })
  })

  it('keeps the address out (PerSourcePenalties): reverted, and confirmed once it is let in in time', async () => {
    const name = 'penalty_later'
    await configureSshd(trial, name, PENALTIES)
    const first = await holdApplied(trial, name, SECONDS)
    await failLogin(trial, name)
    await reopen(trial, name)
    await becomes(trial.host(name), /ROLLED_BACK/)
    // It forgets what it held against whom.
    await restartSshd(trial, name)
    await trial.ends(first, 3, { [name]: 'reverted: rolled-back' })

    const second = await holdApplied(trial, name, LONG)
    await failLogin(trial, name)
    const before = await turnedAway(trial, name)
    await reopen(trial, name)
    await turnsAway(trial, name, before)
    await restartSshd(trial, name)
    await trial.ends(second, 0, { [name]: 'persisted' })
  })
})

describe.concurrent('sshd before anything is armed', () => {
  it('is full (MaxStartups): unreachable after three tries, and done once there is room', async () => {
    const name = 'full'
    await configureSshd(trial, name, MAX_STARTUPS)
    const leave = await fillStartups(trial, name)
    await isKeptOut(name, /MaxStartups/)
    const before = await turnedAway(trial, name)
    const attempt = await trial.begin([name])
    await turnsAway(trial, name, before)
    await leave()
    await trial.ends(attempt, 0, { [name]: 'persisted' })
  })

  it('keeps the address out (PerSourcePenalties): unreachable, and done once it is let in', async () => {
    const name = 'penalty'
    await configureSshd(trial, name, PENALTIES)
    await failLogin(trial, name)
    await isKeptOut(name, /PerSourcePenalties/)
    await restartSshd(trial, name)
    await trial.ends(await trial.begin([name]), 0, { [name]: 'persisted' })
  })
})
