import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import type { Event } from '../../../src/model/event.ts'
import { applyHost } from '../../../src/rollout/apply-host.ts'
import { hearHost } from '../../../src/rollout/hear-host.ts'
import { FakeHost, type Kind } from './fake-host.ts'
import { VirtualClock } from './virtual-clock.ts'

/* What the journal is told of the talk with a host. */

const line = (event: Event): readonly string[] => {
  if (event.type === 'host-step') return [event.step]
  if (event.type === 'host-asked') return [`${event.verb}?`]
  if (event.type !== 'host-answered') return []
  const { type: _, host: __, verb, ...heard } = event
  return [`${verb} ${Object.values(heard).join(' ')}`]
}

async function talkWith(kind: Kind, hostTimeout?: number) {
  const clock = new VirtualClock()
  const events: Event[] = []
  const tools = {
    run: 'r',
    who: 'me',
    confirmTimeout: 60_000,
    aptTimeout: 1000,
    clock,
    emit: (event: Event) => void events.push(event),
    ...(hostTimeout ? { hostTimeout } : {}),
  }
  const host = new FakeHost('web1', kind, clock)
  await clock.run(applyHost(await host.observed(), tools))
  return { lines: events.flatMap(line), verbs: host.verbs }
}

describe('the talk with a host', () => {
  it('is what it was asked and what it answered, in their order', async () => {
    const { lines, verbs } = await talkWith('good')
    const before = 'arming, arm?, arm 0, armed, await?, await 0 APPLIED, applied'
    expect(lines.join(', ')).toBe(`${before}, confirming, confirm?, confirm 0`)
    expect(lines.filter(one => one.endsWith('?')).map(one => one.slice(0, -1))).toEqual(verbs)
  })

  it('says why a host went back, and why it refused', async () => {
    expect((await talkWith('locks out')).lines.at(-1)).toBe('await 10 ROLLED_BACK deadline')
    expect((await talkWith('unloadable')).lines).toEqual(['arming', 'arm?', 'arm 14 rules'])
  })

  it('says that an answer never came, and what was asked then', async () => {
    const { lines } = await talkWith('hangs', 10_000)
    expect(lines.slice(4).join(', ')).toBe(
      'await?, await aborted, status?, status 0 APPLIED, rollback?, rollback 10 ROLLED_BACK asked',
    )
  })
})

describe('a connection that cannot be made', () => {
  it('is told of once for each way in which it fails', async () => {
    const events: Event[] = []
    const fails = ['connect-refused', 'connect-refused', 'connect-timeout', 'connect-timeout', '']
    const host = new FakeHost('web1', 'good', new VirtualClock())
    const connect = hearHost(
      'web1',
      async () => {
        const code = fails.shift()
        if (code) throw new FleetError(code)
        return host.target(2).connect()
      },
      event => void events.push(event),
    )
    for (let left = 4; left > 0; left -= 1) await expect(connect()).rejects.toThrow(FleetError)
    await connect()
    expect(events.flatMap(line)).toEqual(['connect connect-refused', 'connect connect-timeout'])
  })
})
