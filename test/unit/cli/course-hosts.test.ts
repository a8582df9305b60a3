import { describe, expect, it } from 'vitest'
import { type CourseTools, courseOf, zoneOf } from '../../../src/cli/course.ts'
import type { Rollout } from '../../../src/config/rollout.ts'
import type { Host } from '../../../src/model/host.ts'
import { Opaque, type Value } from '../../../src/model/value.ts'
import { type HostPlan, NOTHING } from '../../../src/plan/host-plan.ts'
import type { Survey } from '../../../src/rollout/observe-all.ts'

/* From what was seen of hosts to the course of their rollout. */

const at = { file: 'inventory.ini' }

const host = (name: string, zone?: Value): Host => ({
  name,
  groups: [],
  variables: new Map(zone === undefined ? [] : [['zone', { value: zone, at }]]),
})

const seen = (name: string, more: Partial<HostPlan> = {}): Survey['observed'][number] => ({
  target: {
    host: name,
    connect: () => expect.fail(),
    observe: () => expect.fail(),
    decide: () => expect.fail(),
  },
  plan: {
    ...NOTHING,
    host: name,
    roles: [],
    groups: [],
    onlyBase: false,
    bootId: '',
    verdict: 'change',
    ...more,
  },
  session: { connectStart: 0, run: () => expect.fail(), close: async () => undefined },
  observedAt: 0,
})

const course = (rollout: Rollout, survey: Partial<Survey>, hosts: readonly Host[] = []) => {
  const tools: CourseTools = { rollout, hosts: 50, now: 0, wall: 0, began: 0 }
  return courseOf({ observed: [], failed: [], ...survey }, { hosts }, tools)
}

const stages = (rollout: Rollout, ...observed: Survey['observed']) => course(rollout, { observed }).stages

describe('the course of what was seen', () => {
  it('goes over the hosts that change, in their order', () => {
    const observed = [seen('b'), seen('same', { verdict: 'unchanged' }), seen('a')]
    expect(stages({}, ...observed)).toEqual([['b', 'a']])
  })

  it('knows what failed, was refused or needed nothing before it began', () => {
    const { budget } = course(
      { stages: [1, '100%'], maxFailures: '50%' },
      {
        observed: [seen('a'), seen('b', { verdict: 'refused' }), seen('c', { verdict: 'unchanged' })],
        failed: [{ host: 'd', state: 'unreachable' }],
      },
    )
    expect(budget.before).toEqual(['unreachable', 'refused', 'unchanged'])
    expect(budget.failures, 'half of all four').toBe(2)
  })

  it('knows a role wherever it comes from, each group, and all', () => {
    const web = seen('w', { roles: ['base', 'web (group webservers)', 'final'], groups: ['webservers'] })
    const other = seen('o', { roles: ['base', 'final'] })
    expect(stages({ canaries: { web: 1 } }, other, web)).toEqual([['w'], ['o']])
    expect(stages({ canaries: { webservers: 1 } }, other, web)).toEqual([['w'], ['o']])
    expect(stages({ canaries: { all: 1 } }, other, web)).toEqual([['o'], ['w']])
    expect(stages({ canaries: { 'web (group webservers)': 1 } }, other, web)).toEqual([['o', 'w']])
    expect(course({ maxParallel: { web: 1 } }, { observed: [web] }).parallel.groupsOf('w')).toContain('web')
  })

  it('takes from each value of the variable in turn, and those without it are one of their own', () => {
    const hosts = [host('a1', 'a'), host('a2', 'a'), host('b1', 'b'), host('n1'), host('n2')]
    const observed = hosts.map(({ name }) => seen(name))
    const { stages } = course({ spread: 'zone', stages: [3, '100%'] }, { observed }, hosts)
    expect(stages).toEqual([
      ['a1', 'b1', 'n1'],
      ['a2', 'n2'],
    ])
  })
})

describe('the zone of a host', () => {
  it.each<readonly [Value, Value]>([
    ['1', 1],
    [
      [1, 2],
      [2, 1],
    ],
    [true, false],
    [2n ** 64n, 2n ** 65n],
    [{ dc: 'a' }, { dc: 'b' }],
  ])('is told from others by its value: %s, %s', (one, other) => {
    expect(zoneOf(host('x', one), 'zone')).toBe(zoneOf(host('y', one), 'zone'))
    expect(zoneOf(host('x', one), 'zone')).not.toBe(zoneOf(host('y', other), 'zone'))
  })

  it('is none where nothing says it', () => {
    expect(zoneOf(host('x'), 'zone')).toBeUndefined()
    expect(zoneOf(host('x', 'a'), undefined)).toBeUndefined()
    expect(zoneOf(undefined, 'zone')).toBeUndefined()
  })

  it('is an error where fleet cannot read it: all hosts would be in one', () => {
    const jinja = host('x', new Opaque('jinja', '{{ dc }}'))
    expect(() => zoneOf(jinja, 'zone')).toThrow(expect.objectContaining({ code: 'variable-opaque' }))
  })
})
