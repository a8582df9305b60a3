import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { applied, lost, persisted, settleWith, state, stopped, T } from './settle-world.ts'

/*
 * What the controller makes of answers, on a clock that only these tests move. That the host gives such answers is
 * shown by real shells and real hosts elsewhere.
 */

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

  it.each([
    ['ROLLED_BACK-deadline-saved', { why: 'deadline', saved: 'aside' }],
    ['ROLLED_BACK-set-fleet4-0a1b-saved-stays', { why: 'set-fleet4-0a1b', saved: 'boots' }],
  ])('takes %s apart', async (name, args) => {
    const { outcome } = await settleWith(() => state(name))
    expect(outcome).toMatchObject({ state: 'reverted', finding: { code: 'rolled-back', args } })
  })

  it.each([
    ['ROLLED_BACK-asked-saved', 'gate-fail'],
    ['ROLLED_BACK-asked-saved-stays', 'rolled-back'],
  ])('says of %s what matters more: %s', async (name, code) => {
    const passes = async () => ({ code: 'gate-fail', severity: 'error', args: {} }) as const
    const answers = (verb: string) => (verb === 'rollback' ? state(name) : applied())
    const { outcome } = await settleWith(answers, undefined, {}, { passes })
    expect(outcome).toMatchObject({ state: 'reverted', finding: { code } })
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

  it('lets a bug through: it is no verdict on a host', async () => {
    const broken = settleWith(() => {
      throw new TypeError('a bug')
    })
    await expect(broken).rejects.toThrow('a bug')
  })
})
