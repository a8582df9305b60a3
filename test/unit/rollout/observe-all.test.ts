import { expect, it } from 'vitest'
import { observeAll } from '../../../src/rollout/observe-all.ts'
import { roll } from '../../../src/rollout/roll.ts'
import { courseOf } from './engine-steps.ts'
import { FakeHost } from './fake-host.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A survey with room for so many connections, and how often each host was connected to by the end of its change. */
async function changed(open: number) {
  const clock = new VirtualClock()
  const hosts = ['a', 'b', 'same', 'c'].map(
    name => new FakeHost(name, name === 'same' ? 'unchanged' : 'good', clock),
  )
  const isOpen = new Set<string>()
  const opened: string[] = []
  const targets = hosts.map(host => {
    const target = host.target(2)
    const connect: typeof target.connect = async signal => {
      const session = await target.connect(signal)
      opened.push(host.name)
      isOpen.add(host.name)
      const close = () => {
        isOpen.delete(host.name)
        return session.close()
      }
      return { ...session, close }
    }
    return { ...target, connect }
  })
  const each = <T, R>(items: readonly T[], work: (item: T) => Promise<R>) =>
    Promise.allSettled(items.map(work))
  const tools = { each, clock, emit: () => undefined }
  const survey = await observeAll(targets, { ...tools, open })
  const kept = [...isOpen]
  const { outcomes } = await clock.run(
    roll(survey, courseOf([['a', 'b', 'c']]), {
      ...tools,
      run: 'r',
      who: 'me',
      confirmTimeout: 60_000,
      aptTimeout: 1000,
      stop: new AbortController().signal,
      unrecorded: new AbortController().signal,
      back: name => new FakeHost(name, 'good', clock).target(1),
      forgetPromotion: async () => undefined,
      promoted: async () => true,
    }),
  )
  const states = new Set(outcomes.filter(({ host }) => host !== 'same').map(({ state }) => state))
  const times = (host: string) => opened.filter(name => name === host).length
  return {
    kept,
    states: [...states],
    times: Object.fromEntries(hosts.map(({ name }) => [name, times(name)])),
  }
}

it('keeps connections of hosts that are to be changed, and no more than may be open', async () => {
  const { kept, states, times } = await changed(2)
  expect(kept).toEqual(['a', 'b'])
  expect(states).toEqual(['persisted'])
  expect(times, 'the third is looked at anew').toEqual({ a: 2, b: 2, same: 1, c: 3 })
})

it('keeps all where there is room', async () => {
  const { kept, times } = await changed(3)
  expect(kept).toEqual(['a', 'b', 'c'])
  expect(times).toEqual({ a: 2, b: 2, same: 1, c: 2 })
})
