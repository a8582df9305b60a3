import { describe, expect, it } from 'vitest'
import type { Untransacted } from '../../../src/rollout/armed.ts'
import { applied, BOOT, settleWith, state, stopped } from './settle-world.ts'

const unknown = () => stopped(11, 'unknown-nonce')

describe('settling a host that knows nothing of its change', () => {
  it.each<[string, Untransacted, object]>([
    ['booted and has its old rules', { is: 'as before', bootId: 'boot-2', up: 0 }, { state: 'reverted' }],
    [
      'booted while it was told to arm',
      { is: 'as before', bootId: 'boot-2', up: 15_000 },
      { state: 'reverted' },
    ],
    [
      'is a container that was started again',
      { is: 'as before', bootId: BOOT, up: 5000 },
      { state: 'reverted', finding: { code: 'rolled-back', args: { why: 'reboot' } } },
    ],
    ['booted and has the new rules', { is: 'as wanted', bootId: 'boot-2', up: 0 }, { state: 'persisted' }],
    [
      'was never armed',
      { is: 'as before', bootId: BOOT, up: 60_000 },
      { state: 'failed', finding: { code: 'arm-lost' } },
    ],
    [
      'was up before, so it is another one',
      { is: 'as wanted', bootId: 'boot-2', up: 60_000 },
      { state: 'unknown', finding: { code: 'another-host' } },
    ],
    ['has something else', { is: 'different', bootId: 'boot-2', up: 0 }, { state: 'unknown' }],
  ])('looks at a host that knows nothing of it: %s', async (_, found, expected) => {
    const { outcome } = await settleWith(unknown, () => found)
    expect(outcome).toMatchObject(expected)
  })

  it('is another one if it has the same boot and never heard of what the host knew', async () => {
    const stranger = (): Untransacted => ({ is: 'as before', bootId: BOOT, up: 60_000 })
    const another = { state: 'unknown', finding: { code: 'another-host' } }
    expect((await settleWith(unknown, stranger, { isKnown: true })).outcome).toMatchObject(another)
    const stale = applied(3500, 0)
    const seenBefore = await settleWith((_, looks) => (looks === 1 ? stale : unknown()), stranger)
    expect(seenBefore.outcome).toMatchObject(another)
    expect(seenBefore.verbs).not.toContain('rollback')
  })

  it('takes back an arm that began after the look', async () => {
    const { outcome } = await settleWith(
      verb => (verb === 'rollback' ? state('STUCK-asked') : unknown()),
      () => ({ is: 'as before', bootId: BOOT, up: 60_000 }),
    )
    expect(outcome).toMatchObject({ state: 'stuck' })
  })

  const booted = (is: Untransacted['is'], up: number): Untransacted => ({ is, bootId: 'boot-2', up })

  it.each([
    ['as before', 'reverted'],
    ['as wanted', 'persisted'],
  ] as const)('waits until one that was just booted has loaded its rules: %s', async (is, expected) => {
    const found = [booted('different', 1000), booted('different', 1500)]
    const { outcome, looks } = await settleWith(unknown, () => found.shift() ?? booted(is, 2000))
    expect(outcome).toMatchObject({ state: expected })
    expect(looks).toBe(1)
  })

  it.each([
    ['waits while a boot may take', booted('different', 1000), 19_000],
    ['waits only for what is left of that', booted('different', 18_000), 2_000],
    ['does not wait for one that was not booted', { ...booted('different', 60_000), bootId: BOOT }, 0],
    ['waits for a container that was started again', { ...booted('different', 1000), bootId: BOOT }, 19_000],
    ['does not wait for another one', booted('different', 25_000), 0],
  ])('%s', async (_, found, wait) => {
    const { outcome, elapsed } = await settleWith(unknown, () => found)
    expect(outcome).toMatchObject({ state: 'unknown' })
    expect(Math.round(elapsed / 1000)).toBe(wait / 1000)
  })
})
