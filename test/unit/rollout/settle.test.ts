import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Settled, Untransacted } from '../../../src/rollout/armed.ts'
import { settle } from '../../../src/rollout/settle.ts'
import type { Answer, Session } from '../../../src/session/session.ts'

/*
 * What the controller makes of answers, on a clock that only these tests move. That the host gives such answers is
 * shown by real shells and real hosts elsewhere.
 */

const BOOT = 'boot-1'
const T = 4000
/** How long the host was being told to arm: it may have been booted in that time. */
const ARMING = 20_000
const lost = () => new FleetError('connection-lost', {}, { hostState: 'unknown' })

type Say = Partial<Answer> | FleetError
/** What a host says to one verb of one connection. */
type Script = (verb: string, looks: number) => Say

const state = (name: string, more: Record<string, string | number> = {}, boot = BOOT): Say => {
  const facts = Object.entries({ state: name, boot_id: boot, ...more }).map(
    ([key, value]) => `${key}=${value}\n`,
  )
  return { code: CODES[name.split('-')[0] ?? ''] ?? 0, stdout: `@@MARK state\n${facts.join('')}@@MARK end\n` }
}
const CODES: Record<string, number> = {
  ROLLED_BACK: 10,
  DISARMED: 10,
  CONFIRMED: 17,
  ROLLING_BACK: 21,
  STUCK: 21,
  ARMED: 21,
}
const applied = (left = 3500, age = 2000) => state('APPLIED-0-0', { age_ms: age, left_ms: left })
const persisted: Say = { code: 0, stdout: '@@MARK persisted\ngeneration=7\n@@MARK end\n' }
const stopped = (code: number, why: string): Say => ({
  code,
  stdout: `@@MARK stop\nwhy=${why}\n@@MARK end\n`,
})

/** Milliseconds that a verb takes whose answer is lost. */
const UNTIL_LOST = 45_000

async function settleWith(
  script: Script,
  lookAgain: Untransacted = { is: 'different', bootId: BOOT, up: 0 },
) {
  let now = 10_000
  let looks = 0
  const verbs: string[] = []
  const events: Event[] = []
  const clock = {
    now: () => now,
    wall: () => 1_700_000_000_000 + now,
    sleep: async (milliseconds: number) => {
      now += milliseconds
    },
  }
  const answer = (args: readonly string[]): Answer => {
    const [, marker = '', verb = ''] = args
    verbs.push(verb)
    const said = script(verb, looks)
    if (said instanceof FleetError) {
      now += UNTIL_LOST
      throw said
    }
    const { code = 0, stdout = '' } = said
    const whole = `${stdout}@@MARK code ${code}\n`.replaceAll('MARK', marker)
    return { stderr: '', ...said, code, stdout: whole }
  }
  const connect = async (): Promise<Session> => {
    looks += 1
    const connectStart = now
    now += 20
    const refused = script('connect', looks)
    if (refused instanceof FleetError) throw refused
    return { connectStart, run: async ({ args = [] }) => answer(args), close: async () => {} }
  }
  const armed = {
    host: 'web1',
    nonce: 'n',
    bootId: BOOT,
    confirmTimeout: T,
    begunAt: now - ARMING,
    closedAt: now,
  }
  const tools = {
    connect,
    clock,
    emit: (event: Event) => void events.push(event),
    lookAgain: async () => lookAgain,
  }
  const outcome: Settled = await settle(armed, tools)
  return { outcome, verbs, looks, events, elapsed: now - 10_000 }
}

describe('settling an armed host', () => {
  it('confirms what a fresh connection finds applied', async () => {
    const { outcome, verbs, looks } = await settleWith(verb => (verb === 'confirm' ? persisted : applied()))
    expect(outcome).toEqual({ host: 'web1', state: 'persisted', generation: 7 })
    expect(verbs).toEqual(['await', 'confirm'])
    expect(looks).toBe(1)
  })

  it('never confirms over a connection that began before the rules were in force', async () => {
    const { outcome, verbs, looks, events } = await settleWith((verb, look) =>
      verb === 'confirm' ? persisted : applied(3500, look === 1 ? 50 : 2000),
    )
    expect(outcome).toMatchObject({ state: 'persisted' })
    const steps = events.flatMap(event => (event.type === 'host-step' ? [event.step] : []))
    expect(steps).toEqual(['applied', 'reconnecting', 'applied', 'confirming'])
    expect(looks).toBe(2)
    expect(verbs).toEqual(['await', 'await', 'confirm'])
  })

  it('asks for the rollback when there is no time left to confirm in', async () => {
    const { outcome, verbs } = await settleWith(verb =>
      verb === 'rollback' ? state('ROLLED_BACK-asked') : applied(900),
    )
    expect(outcome).toMatchObject({ state: 'reverted', finding: { args: { why: 'asked' } } })
    expect(verbs).toEqual(['await', 'rollback'])
  })

  it('asks for the rollback when somebody else changed the rules', async () => {
    const { outcome, verbs } = await settleWith(verb => {
      if (verb === 'confirm') return stopped(13, 'rules')
      return verb === 'rollback' ? state('ROLLED_BACK-asked') : applied()
    })
    expect(outcome).toMatchObject({ state: 'reverted' })
    expect(verbs).toEqual(['await', 'confirm', 'rollback'])
  })

  it('reads again when the answer to confirm is lost, and believes only that', async () => {
    const { outcome, verbs } = await settleWith((verb, look) => {
      if (verb === 'confirm') return look === 1 ? lost() : persisted
      return look === 1 ? applied() : state('PERSISTED-5')
    })
    expect(outcome).toMatchObject({ state: 'persisted' })
    expect(verbs).toEqual(['await', 'confirm', 'await', 'confirm'])
  })

  it('asks a host whose answers are lost again once all time is up, and not for ever', async () => {
    const { outcome, verbs } = await settleWith(verb => (verb === 'confirm' ? lost() : applied()))
    expect(outcome).toMatchObject({ state: 'unknown', finding: { args: { last: 'connection-lost' } } })
    expect(verbs).toEqual(['await', 'confirm', 'await', 'confirm'])
  })

  it('says reverted when the answer to confirm was lost and the host rolled back', async () => {
    const { outcome } = await settleWith((verb, look) => {
      if (verb === 'confirm') return lost()
      return look === 1 ? applied() : state('ROLLED_BACK-deadline')
    })
    expect(outcome).toMatchObject({ state: 'reverted', finding: { args: { why: 'deadline' } } })
  })

  it.each([
    ['CONFIRMED-1', stopped(17, 'not-persisted'), 'confirmed, not persisted'],
    ['STUCK-deadline', undefined, 'stuck'],
    ['ROLLED_BACK-mismatch', undefined, 'reverted'],
  ])('takes %s for what it is', async (name, confirm, expected) => {
    const { outcome } = await settleWith(verb => (verb === 'confirm' && confirm ? confirm : state(name)))
    expect(outcome).toMatchObject({ state: expected })
  })

  it('hands a disarmed host back for another try', async () => {
    expect((await settleWith(() => state('DISARMED-session'))).outcome).toBe('disarmed')
  })

  it('keeps looking while the host rolls back', async () => {
    const { outcome, looks } = await settleWith((_, look) =>
      state(look < 4 ? 'ROLLING_BACK-deadline' : 'ROLLED_BACK-deadline'),
    )
    expect(outcome).toMatchObject({ state: 'reverted' })
    expect(looks).toBe(4)
  })

  it('finishes for a guard that died in its rollback', async () => {
    const { outcome, verbs, elapsed } = await settleWith(verb =>
      verb === 'rollback' ? state('ROLLED_BACK-deadline') : state('ROLLING_BACK-deadline'),
    )
    expect(outcome).toMatchObject({ state: 'reverted' })
    expect(verbs.filter(verb => verb === 'rollback')).toHaveLength(1)
    expect(elapsed).toBeGreaterThan(30_000 + T)
  })

  it('disarms for a guard that never began', async () => {
    const { outcome, verbs } = await settleWith(verb =>
      state(verb === 'rollback' ? 'DISARMED-asked' : 'ARMED-1'),
    )
    expect(outcome).toMatchObject({ state: 'failed', finding: { code: 'disarmed' } })
    expect(verbs.at(-1)).toBe('rollback')
  })

  it('says unknown of a host that never answers, once its guard must have decided', async () => {
    const { outcome, elapsed } = await settleWith(verb =>
      verb === 'connect' ? new FleetError('connect-timeout') : {},
    )
    expect(outcome).toMatchObject({
      state: 'unknown',
      finding: { code: 'host-silent', args: { last: 'connect-timeout' } },
    })
    expect(elapsed).toBeGreaterThan(30_000 + T)
  })

  it('says unknown when a copy of the host answers', async () => {
    const { outcome, verbs } = await settleWith(() =>
      state('APPLIED-0-0', { age_ms: 2000, left_ms: 3500 }, 'boot-2'),
    )
    expect(outcome).toMatchObject({ state: 'unknown', finding: { code: 'another-host' } })
    expect(verbs).not.toContain('confirm')
  })

  it.each<[string, Untransacted, object]>([
    ['booted and has its old rules', { is: 'as before', bootId: 'boot-2', up: 0 }, { state: 'reverted' }],
    [
      'booted while it was told to arm',
      { is: 'as before', bootId: 'boot-2', up: 15_000 },
      { state: 'reverted' },
    ],
    ['booted and has the new rules', { is: 'as wanted', bootId: 'boot-2', up: 0 }, { state: 'persisted' }],
    [
      'was never armed',
      { is: 'as before', bootId: BOOT, up: 0 },
      { state: 'failed', finding: { code: 'arm-lost' } },
    ],
    [
      'was up before, so it is another one',
      { is: 'as wanted', bootId: 'boot-2', up: 60_000 },
      { state: 'unknown', finding: { code: 'another-host' } },
    ],
    ['has something else', { is: 'different', bootId: 'boot-2', up: 0 }, { state: 'unknown' }],
  ])('looks at a host that knows nothing of it: %s', async (_, found, expected) => {
    const { outcome } = await settleWith(() => stopped(11, 'unknown-nonce'), found)
    expect(outcome).toMatchObject(expected)
  })

  it('takes back an arm that began after the look', async () => {
    const { outcome } = await settleWith(
      verb => (verb === 'rollback' ? state('STUCK-asked') : stopped(11, 'unknown-nonce')),
      { is: 'as before', bootId: BOOT, up: 0 },
    )
    expect(outcome).toMatchObject({ state: 'stuck' })
  })

  it('lets a bug through: it is no verdict on a host', async () => {
    const broken = settleWith(() => {
      throw new TypeError('a bug')
    })
    await expect(broken).rejects.toThrow('a bug')
  })
})
