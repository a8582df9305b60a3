import { setImmediate as turn } from 'node:timers/promises'
import type { Rollout } from '../config/rollout.ts'
import { forgetPromotion, promoted } from '../journal/promotion.ts'
import { FleetError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { changesOf } from '../plan/changes.ts'
import type { Survey } from '../rollout/observe-all.ts'
import type { Left } from '../rollout/plan-course.ts'
import { type Rolled, roll, type Stood } from '../rollout/roll.ts'
import type { Flags } from './command.ts'
import { courseOf } from './course.ts'
import { flag } from './flag.ts'
import { openGates, type Recalled } from './gates.ts'
import type { Prepared } from './prepared.ts'

/** A run that is about to change hosts. */
export interface Run {
  readonly prepared: Prepared
  readonly emit: Emit
  readonly run: string
  readonly who: string
  readonly confirmTimeout: number
  readonly aptTimeout: number
  readonly rollout: Rollout
  /** Monotonic. */
  readonly began: number
  /** Where the journals lie. */
  readonly directory: string
  readonly stop: AbortSignal
  readonly unrecorded: AbortSignal
  /** Asks the person at this terminal whether a paused rollout goes on. */
  readonly ask?: ((over: AbortSignal) => Promise<boolean>) | undefined
  /** Of a run that is gone on with. */
  readonly earlier?: Earlier
}

/** What a controller that died has left, with hosts that persisted then. */
export interface Earlier {
  readonly left: Left
  readonly stood: ReadonlyMap<string, Stood>
  readonly gatesOf: Recalled
}

/** Takes what was seen through its stages. Between what ten thousand hosts make long, the screen and signals get a turn. */
export async function rollOut(survey: Survey, it: Run): Promise<Rolled> {
  await turn()
  for (const event of changesOf(survey.observed.map(({ plan }) => plan))) await it.emit(event)
  const { each, clock, inputs, hosts, back } = it.prepared
  const { rollout, began, earlier } = it
  const { hostTimeout } = rollout
  await turn()
  const course = courseOf(survey, inputs, {
    rollout,
    hosts,
    now: clock.now(),
    wall: clock.wall(),
    began,
    ...(earlier ? { left: earlier.left } : {}),
  })
  await turn()
  const gates = rollout.gates?.length
    ? openGates(rollout.gates, survey, it.prepared, it.emit, earlier?.gatesOf)
    : {}
  return roll(survey, course, {
    ...it,
    ...gates,
    ...(earlier ? { stood: earlier.stood } : {}),
    ...(hostTimeout === undefined ? {} : { hostTimeout }),
    each,
    clock,
    back: (host, from, to) => back(host, { from, to }),
    forgetPromotion: run => forgetPromotion(it.directory, run),
    promoted: (_, over) => hearWhether(it, over),
  })
}

/** Whoever says first whether it goes on: somebody elsewhere, or the person here. */
async function hearWhether({ directory, run, ask, prepared }: Run, over: AbortSignal): Promise<boolean> {
  const said = new AbortController()
  const either = AbortSignal.any([over, said.signal])
  const elsewhere = promoted(directory, run, prepared.clock, either).then(() => true)
  try {
    return await (ask ? Promise.race([elsewhere, ask(either)]) : elsewhere)
  } finally {
    said.abort()
  }
}

export function confirmTimeoutOf(flags: Flags, { inputs }: Pick<Prepared, 'inputs'>): number {
  const seconds = flag(flags, 'confirm-timeout', 'number') ?? (inputs.config.confirmTimeout ?? 60_000) / 1000
  if (seconds >= 4 && seconds <= 1800) return seconds * 1000
  throw new FleetError('confirm-timeout-range', { seconds })
}

/** Milliseconds that a host's apt may be busy with something else. */
export const aptTimeoutOf = (flags: Flags): number => (flag(flags, 'apt-timeout', 'number') ?? 300) * 1000
