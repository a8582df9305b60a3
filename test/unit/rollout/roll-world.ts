import { FleetError } from '../../../src/model/error.ts'
import type { Event, Outcome } from '../../../src/model/event.ts'
import type { Course } from '../../../src/rollout/course.ts'
import type { Gate, Reading } from '../../../src/rollout/gates/gate.ts'
import { HostGates } from '../../../src/rollout/gates/host-gates.ts'
import { type RollTools, roll } from '../../../src/rollout/roll.ts'
import { atOnce, courseOf } from './engine-steps.ts'
import { FakeHost, type Kind } from './fake-host.ts'
import { VirtualClock } from './virtual-clock.ts'

interface Wish extends Partial<Course> {
  readonly hosts: Readonly<Record<string, Kind>>
  readonly stages: Course['stages']
  readonly hostTimeout?: number
  /** What becomes of the hosts whose gate is asked. */
  readonly gate?: (host: FakeHost, clock: VirtualClock) => Reading['is'] | Promise<Reading['is']>
  /** What a query says, once it says something. */
  readonly query?: (clock: VirtualClock) => Promise<Reading['is']>
  /** When somebody stops it. */
  readonly stopAt?: number
  /** What somebody says when it is paused; nobody says anything where that is left out. */
  readonly says?: boolean
  /** From this event on nothing can be written down any more. */
  readonly fullAt?: (event: Event) => boolean
  /** What comes instead of a host's turn, once all are changed. */
  readonly instead?: { readonly host: string; readonly error: Error }
}

const GATE: Gate = { tcp: 443 }
const QUERY: Gate = { prometheus: 'up', at: 'http://192.0.2.1' }

/** A whole rollout, and what became of it: a word for each host, and each event. */
export async function rollWith({
  hosts,
  hostTimeout,
  gate,
  query,
  says,
  stopAt,
  instead,
  fullAt,
  ...course
}: Wish) {
  const clock = new VirtualClock()
  const events: Event[] = []
  const full = new AbortController()
  const emit = (event: Event) => {
    events.push(event)
    if (fullAt?.(event)) full.abort(new FleetError('journal-lost', {}, { hostState: 'not started' }))
  }
  const fleet = new Map(
    Object.entries(hosts).map(([name, kind]) => [name, new FakeHost(name, kind, clock)] as const),
  )
  const named = (name: string) => fleet.get(name) ?? new FakeHost(name, 'dead', clock)
  const ask = async (_: Gate, host: string): Promise<Reading> => ({
    is: (await gate?.(named(host), clock)) ?? 'pass',
    detail: '',
  })
  const gates = new Map([...fleet.keys()].map(name => [name, new HostGates(name, [GATE], ask, emit)]))
  const queries =
    query && new HostGates('', [QUERY], async () => ({ is: await query(clock), detail: '' }), emit)
  const stopped = new AbortController()
  if (stopAt !== undefined) void clock.sleep(stopAt).then(() => stopped.abort())
  let pausedBefore: boolean | undefined
  const tools: RollTools = {
    run: 'r',
    who: 'me',
    confirmTimeout: 60_000,
    aptTimeout: 1000,
    ...(hostTimeout === undefined ? {} : { hostTimeout }),
    ...(gate ? { gatesOf: (host: string) => gates.get(host) } : {}),
    ...(queries ? { queries } : {}),
    clock,
    emit,
    stop: AbortSignal.any([full.signal, stopped.signal]),
    unrecorded: full.signal,
    forgetPromotion: async () => {
      pausedBefore = events.some(({ type }) => type === 'rollout-paused')
    },
    promoted: () => (says === undefined ? new Promise(() => undefined) : Promise.resolve(says)),
    back: (host, _, to) => named(host).target(to),
    each: (items, work) =>
      Promise.allSettled(
        items.map(item => (item === instead?.host ? Promise.reject(instead.error) : work(item))),
      ),
  }
  const observed = await Promise.all([...fleet.values()].map(host => host.observed()))
  const whole = courseOf(course.stages, { parallel: atOnce(1), asks: query !== undefined, ...course })
  const { outcomes, why } = await clock.run(roll({ observed, failed: [] }, whole, tools))
  const words = Object.fromEntries(outcomes.map(one => [one.host, said(one)]))
  return { words, why: why?.code, events: events.flatMap(told), clock, fleet, all: events, pausedBefore }
}

const said = ({ state, finding }: Outcome) => (finding ? `${state}: ${finding.code}` : state)

/** A line for each event but the steps and answers of hosts. */
function told(event: Event): string[] {
  switch (event.type) {
    case 'host-step':
    case 'host-gate':
    case 'host-asked':
    case 'host-answered':
    case 'rules-rendered':
      return []
    case 'rollout-planned':
      return [`planned ${event.stages.map(stage => stage.join('+')).join(' ')}`]
    case 'phase-started':
      return [
        `${event.phase} ${event.hosts.join('+')}${event.stage ? ` ${event.stage}/${event.stages}` : ''}`,
      ]
    case 'host-settled':
      return [`${event.host} ${said(event)}`]
    case 'host-checked':
      return [`${event.host} checked${event.finding ? `: ${event.finding.code}` : ''}`]
    case 'rollout-paused':
    case 'rollout-stopped':
      return [`${event.type.slice('rollout-'.length)}: ${event.why.code}`]
    case 'rollout-waiting':
      return [`${event.what} ${event.seconds} s`]
    case 'taking-back':
      return [`taking back ${event.hosts.join('+')}: ${event.why.code}`]
    case 'rollout-promoted':
    case 'host-planned':
    case 'change-planned':
    case 'run-started':
    case 'run-resumed':
    case 'run-ended':
      return [event.type]
    default:
      return event satisfies never
  }
}
