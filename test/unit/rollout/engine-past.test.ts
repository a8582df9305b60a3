import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Command, Course, Past } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'

/* A rollout whose controller died goes on where it stood, on an engine of its own. */

type Wish = Omit<Partial<Course>, 'past'> & { readonly past?: Partial<Past> }

const course = ({ past, ...wish }: Wish): Course => ({
  stages: [[], ['b'], ['c']],
  budget: { failures: 0, stageFailures: [], before: [] },
  soak: 0,
  checks: false,
  manual: false,
  onFailure: 'stop',
  parallel: { hosts: 50, groups: new Map(), groupsOf: () => [] },
  past: { stage: 0, isChecked: false, isPromoted: false, hosts: [], ...past },
  ...wish,
})

const was = (host: string, stage: number, state: HostState = 'persisted') => ({ host, stage, state })
const WHY = { code: 'wants-promotion', severity: 'error', args: {} } as const

function word(command: Command): string {
  if (command.type === 'stage') return `stage ${command.stage}`
  if (command.type === 'start') return command.host
  if (command.type === 'check' || command.type === 'take back')
    return `${command.type} ${command.hosts.join('+')}${'earlier' in command ? ` after ${command.earlier.join('+')}` : ''}`
  return 'why' in command && command.why ? `${command.type}: ${command.why.code}` : command.type
}

const begin = (wish: Wish) => {
  const engine = new Engine(course(wish))
  const tell = (event: Parameters<Engine['handle']>[0]) => engine.handle(event, 0).map(word)
  return { first: tell({ type: 'begun' }), tell }
}

const first = (wish: Wish) => begin(wish).first

describe('a rollout that is gone on with', () => {
  it('goes on with the next stage that has hosts, by its own number', () => {
    expect(first({ past: { hosts: [was('a', 0)] } })).toEqual(['stage 1', 'b'])
    expect(first({ stages: [[], [], ['c']], past: { hosts: [was('a', 0)] } })).toEqual(['stage 2', 'c'])
    expect(first({ stages: [[], []], past: { hosts: [was('a', 0)] } })).toEqual(['end'])
  })

  it('goes on in the middle of a stage', () => {
    const it = begin({ stages: [[], ['b'], ['c']], past: { stage: 1, hosts: [was('a', 0), was('x', 1)] } })
    expect(it.first).toEqual(['stage 1', 'b'])
    expect(it.tell({ type: 'settled', host: 'b', state: 'persisted' })).toEqual(['stage 2', 'c'])
  })

  it('starts nobody where what is known by now is more than its budget bears', () => {
    expect(first({ past: { hosts: [was('a', 0, 'reverted')] } })).toEqual(['end: budget-spent'])
    const spoiled = { ...was('a', 0), isSpoiled: true }
    expect(first({ past: { hosts: [spoiled] } })).toEqual(['end: budget-spent'])
    expect(first({ past: { hosts: [{ ...spoiled, isAccepted: true }] } })).toEqual(['stage 1', 'b'])
  })

  it('takes back what persisted before, in its stage or in all', () => {
    const hosts = [was('a', 0), was('x', 1), was('y', 1, 'failed')]
    const past = { stage: 1, hosts }
    expect(first({ past, onFailure: 'revert-all' })).toEqual(['take back a+x'])
    expect(first({ past, onFailure: 'revert-stage' })).toEqual(['take back x'])
  })

  it('looks again at a stage whose check nobody knows, and at those before', () => {
    const past = { stage: 1, hosts: [was('a', 0), was('x', 1)] }
    const stages = [[], [], ['c']]
    expect(first({ stages, past, checks: true })).toEqual(['check x after a'])
    expect(first({ stages, past, checks: true, soak: 10 })).toEqual(['wake'])
    expect(first({ stages, past: { ...past, isChecked: true }, checks: true })).toEqual(['stage 2', 'c'])
  })

  it('waits for whoever promotes it, as it did', () => {
    const hosts = [was('a', 0)]
    expect(first({ manual: true, past: { hosts } })).toEqual(['pause: wants-promotion'])
    const it = begin({ manual: true, past: { hosts, isChecked: true, paused: WHY } })
    expect(it.first).toEqual(['pause: wants-promotion'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 1', 'b'])
    expect(first({ past: { hosts, isChecked: true, paused: WHY } })).toEqual(['pause: wants-promotion'])
    const promoted = { hosts, isChecked: true, isPromoted: true }
    expect(first({ manual: true, past: promoted })).toEqual(['stage 1', 'b'])
  })

  it('counts in each stage what failed there', () => {
    const budget = { failures: 9, stageFailures: [1, 1, 1], before: [] }
    const hosts = [was('a', 0, 'failed'), was('x', 1, 'failed')]
    const it = begin({ stages: [[], ['b', 'd'], ['c']], budget, past: { stage: 1, hosts } })
    expect(it.first).toEqual(['stage 1', 'b', 'd'])
    expect(it.tell({ type: 'settled', host: 'b', state: 'failed' })).toEqual([])
    expect(it.tell({ type: 'settled', host: 'd', state: 'persisted' })).toEqual(['end: stage-budget-spent'])
  })
})

describe('what failed before the first stage', () => {
  it('is none of its failures', () => {
    const budget = { failures: 9, stageFailures: [1], before: ['unreachable', 'refused'] as const }
    const it = begin({ stages: [['a', 'b', 'c']], budget, past: { stage: -1 } })
    expect(it.first).toEqual(['stage 0', 'a', 'b', 'c'])
    expect(it.tell({ type: 'settled', host: 'a', state: 'failed' })).toEqual([])
    expect(it.tell({ type: 'settled', host: 'b', state: 'persisted' })).toEqual([])
    expect(it.tell({ type: 'settled', host: 'c', state: 'persisted' })).toEqual(['end'])
  })
})
