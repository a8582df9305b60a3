import { describe, expect, it } from 'vitest'
import { rolloutOf, rolloutOfCommand } from '../../../src/cli/course.ts'
import { run as remove } from '../../../src/cli/remove.ts'
import { parseConfig } from '../../../src/config/config.ts'
import { Engine } from '../../../src/rollout/engine.ts'
import { planCourse } from '../../../src/rollout/plan-course.ts'
import { mistakeOf } from './mistake.ts'

const config = parseConfig('rollout: {onFailure: revert-all, soak: 5s}\n', 'fleet.yml', '/etc')

describe('what a command makes of rollout:', () => {
  it('is all of it for apply, and nothing for rollback', () => {
    expect(rolloutOfCommand('apply', { config }, {})).toEqual({ onFailure: 'revert-all', soak: 5000 })
    expect(rolloutOfCommand('rollback', { config }, {})).toEqual({})
  })

  it('stops for remove where others go back: no generation is left to go back to', () => {
    expect(rolloutOfCommand('remove', { config }, {})).toEqual({ onFailure: 'stop', soak: 5000 })
    expect(rolloutOfCommand('remove', { config }, { 'on-failure': 'pause' }).onFailure).toBe('pause')
  })

  it.each(['revert-stage', 'revert-all'])('is refused for remove by --on-failure %s', async how => {
    await expect(remove({ 'on-failure': how, inventory: ['/missing'] })).rejects.toMatchObject({
      code: 'remove-is-final',
    })
  })
})

describe('flags that are given several times', () => {
  const said = (flags: Record<string, string | string[]>) =>
    rolloutOf(
      { config: parseConfig('rollout: {gates: [{tcp: 80}], maxParallel: {db: 3}}', 'fleet.yml', '/') },
      flags,
    )

  it('stand for what fleet.yml says of that', () => {
    expect(said({ canary: ['web=2', 'db'], 'max-parallel': 'web=5' })).toEqual({
      gates: [{ tcp: 80 }],
      canaries: { web: 2, db: 1 },
      maxParallel: { web: 5 },
    })
    const gate = ['tcp: 443', '{http: "https://{{host.address}}/", from: probe1, timeout: 2s}']
    expect(said({ gate }).gates).toEqual([
      { tcp: 443 },
      { http: 'https://{{host.address}}/', from: 'probe1', timeout: 2000 },
    ])
  })

  it.each([
    ['max-parallel', 'db=0'],
    ['gate', '443'],
    ['gate', '{tcp: 443'],
    ['gate', 'tcp: 443, udp: 5'],
    ['gate', 'udp: 5'],
  ])('are refused by their name: --%s %s', (name, text) => {
    expect(() => said({ [name]: text })).toThrow(
      expect.objectContaining({
        code: 'flag-wrong-value',
        args: expect.objectContaining({ name: `--${name}` }),
      }),
    )
  })
})

it.each([
  [true, { manual: false }, false],
  [false, { manual: true }, true],
  [true, {}, true],
])('manual: %s in fleet.yml and the flags %j are %s', (said, flags, manual) => {
  const config = parseConfig(`rollout: {stages: [1, 100%], manual: ${said}}`, 'fleet.yml', '/')
  expect(rolloutOf({ config }, flags).manual).toBe(manual)
})

it('a flag that is wrong is told how flags are written', () => {
  const refused = (flags: Record<string, string>) =>
    mistakeOf(() => rolloutOf({ config: parseConfig('', 'fleet.yml', '/') }, flags))
  expect(refused({ canary: 'web=x' })).toBe(
    '--canary must be a name and a whole number from 1, such as web=1.',
  )
  expect(refused({ soak: 'long' })).toBe('--soak must be a time such as 30s, 5m or 1h.')
})

describe('a share of failures that a flag gives', () => {
  const names = Array.from({ length: 20 }, (_, at) => `h${at}`)
  const changing = names.map(host => ({ host, groups: [], roles: [] }))

  /** How many hosts were started when so many have failed, one after the other. */
  function startedAfter(failures: number, flags: Record<string, string>): number {
    const wish = rolloutOf({ config: parseConfig('', 'fleet.yml', '/etc') }, flags)
    const course = planCourse(wish, { changing, before: [], hosts: 1, now: 0, wall: 0, began: 0 })
    const engine = new Engine(course)
    let commands = engine.handle({ type: 'begun' }, 0)
    let started = 0
    for (;;) {
      const next = commands.find(({ type }) => type === 'start')
      if (next?.type !== 'start') return started
      started += 1
      const state = started <= failures ? 'failed' : 'persisted'
      commands = engine.handle({ type: 'settled', host: next.host, state }, 0)
    }
  }

  it('is heeded: as many are borne, one more and no host starts', () => {
    expect(startedAfter(2, { 'max-failures': '10%' })).toBe(20)
    expect(startedAfter(3, { 'max-failures': '10%' })).toBe(3)
    expect(startedAfter(1, { 'max-failures': '0' })).toBe(1)
    expect(startedAfter(2, { 'max-stage-failures': '5%', 'max-failures': '100%' })).toBe(2)
  })
})
