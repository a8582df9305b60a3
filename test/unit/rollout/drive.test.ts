import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Course } from '../../../src/rollout/course.ts'
import { type Crew, drive } from '../../../src/rollout/drive.ts'
import { atOnce, courseOf } from './engine-steps.ts'
import { VirtualClock } from './virtual-clock.ts'

interface Fleet {
  /** What each host comes to, and after how long; others persist after 10. */
  readonly hosts?: Readonly<Record<string, readonly [HostState, number]>>
  readonly promote?: boolean
  readonly stopAt?: number
}

function roll(course: Partial<Course> & Pick<Course, 'stages'>, fleet: Fleet = {}) {
  const clock = new VirtualClock()
  const log: string[] = []
  const tell = (what: string) => void log.push(`${Math.round(clock.now())} ${what}`)
  const stop = new AbortController()
  const crew: Crew = {
    ask: async () => undefined,
    stage: async stage => tell(`stage ${stage}`),
    waits: async (what, until) => tell(`${what} until ${Math.round(until)}`),
    start: async host => {
      const [state, after] = fleet.hosts?.[host] ?? ['persisted', 10]
      tell(host)
      await clock.sleep(after)
      tell(`${host} ${state}`)
      return state
    },
    check: async (_, hosts, earlier) => {
      tell(`check ${[...hosts, '|', ...earlier].join(' ')}`)
      return { failed: [] }
    },
    pause: async why => {
      tell(`pause ${why.code}`)
      if (!fleet.promote) await new Promise(() => undefined)
      return true
    },
    takeBack: async hosts => tell(`take back ${hosts.join(' ')}`),
  }
  const whole = courseOf(course.stages, { parallel: atOnce(2), ...course })
  if (fleet.stopAt !== undefined) void clock.sleep(fleet.stopAt).then(() => stop.abort())
  const ending = drive(whole, crew, { clock, stop: stop.signal })
  return { clock, crew, log, end: async () => ({ why: (await clock.run(ending))?.code, log }) }
}

const stages = [['a'], ['b', 'c', 'd']]

describe('a rollout', () => {
  it('goes through its stages, soaks and checks', async () => {
    expect(await roll({ stages, soak: 5, checks: true }).end()).toEqual({
      why: undefined,
      log: [
        '0 stage 0',
        '0 a',
        '10 a persisted',
        '10 soak until 15',
        '16 check a |',
        '16 stage 1',
        '16 b',
        '16 c',
        '26 b persisted',
        '26 d',
        '26 c persisted',
        '36 d persisted',
        '36 soak until 41',
        '42 check b c d | a',
      ],
    })
  })

  it('ends after a late answer, not before', async () => {
    const hosts = { b: ['reverted', 10], c: ['persisted', 500] } as const
    expect(await roll({ stages }, { hosts }).end()).toEqual({
      why: 'budget-spent',
      log: [
        '0 stage 0',
        '0 a',
        '10 a persisted',
        '10 stage 1',
        '10 b',
        '10 c',
        '20 b reverted',
        '510 c persisted',
      ],
    })
  })

  it('that is stopped starts nobody and waits for those in flight', async () => {
    expect(await roll({ stages }, { stopAt: 12 }).end()).toMatchObject({
      why: 'stopped',
      log: expect.not.arrayContaining(['20 d']),
    })
  })

  it('stops while it soaks, while it is paused, and before its window', async () => {
    expect((await roll({ stages, soak: 1e6 }, { stopAt: 12 }).end()).why).toBe('stopped')
    expect((await roll({ stages, manual: true }, { stopAt: 12 }).end()).why).toBe('stopped')
    expect(await roll({ stages, notBefore: 1e6 }, { stopAt: 12 }).end()).toEqual({
      why: 'stopped',
      log: ['0 window until 1000000'],
    })
  })

  it('goes on when it is promoted', async () => {
    const { why, log } = await roll({ stages, manual: true }, { promote: true }).end()
    expect(why).toBeUndefined()
    expect(log).toContain('10 pause wants-promotion')
    expect(log.at(-1)).toBe('30 d persisted')
  })

  it('takes back and then ends', async () => {
    const hosts = { c: ['reverted', 10] } as const
    const { why, log } = await roll({ stages, onFailure: 'revert-all' }, { hosts }).end()
    expect(why).toBe('budget-spent')
    expect(log.at(-1)).toBe('30 take back a b d')
  })
})

it('a bug in one of the crew ends it when nothing is in flight any more', async () => {
  const { clock, crew, log } = roll({ stages: [] })
  const start = (host: string) =>
    host === 'a' ? Promise.reject<HostState>(new Error('a bug')) : crew.start(host)
  const course = courseOf([['a', 'b']], { parallel: atOnce(2) })
  const ending = drive(course, { ...crew, start }, { clock, stop: new AbortController().signal })
  await expect(clock.run(ending)).rejects.toThrow('a bug')
  expect(log).toContain('10 b persisted')
})
