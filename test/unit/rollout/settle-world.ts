import { FleetError } from '../../../src/model/error.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Settled, SettleTools, Untransacted } from '../../../src/rollout/armed.ts'
import { settle } from '../../../src/rollout/settle.ts'
import type { Answer, Session } from '../../../src/session/session.ts'

export const BOOT = 'boot-1'
export const T = 4000
/** How long the host was being told to arm: it may have been booted in that time. */
const ARMING = 20_000
export const lost = () => new FleetError('connection-lost', {}, { hostState: 'unknown' })

type Say = Partial<Answer> | FleetError
/** What a host says to one verb of one connection. */
type Script = (verb: string, looks: number) => Say

export const state = (name: string, more: Record<string, string | number> = {}, boot = BOOT): Say => {
  const facts = Object.entries({ state: name, boot_id: boot, ...more }).map(
    ([key, value]) => `${key}=${value}\n`,
  )
  return { code: CODES[name.split('-')[0] ?? ''] ?? 0, stdout: `@@MARK state\n${facts.join('')}@@MARK end\n` }
}
const CODES: Record<string, number> = {
  ROLLED_BACK: 10,
  DISARMED: 10,
  CONFIRMED: 17,
  ROLLING_BACK: 21,
  STUCK: 21,
  ARMED: 21,
}
export const applied = (left = 3500, age = 2000) => state('APPLIED-0-0', { age_ms: age, left_ms: left })
export const persisted: Say = { code: 0, stdout: '@@MARK persisted\ngeneration=7\n@@MARK end\n' }
export const stopped = (code: number, why: string): Say => ({
  code,
  stdout: `@@MARK stop\nwhy=${why}\n@@MARK end\n`,
})

/** Milliseconds that a verb takes whose answer is lost. */
const UNTIL_LOST = 45_000

/** How a host comes to its end that was armed, and answers by this script. */
export async function settleWith(
  script: Script,
  lookAgain: () => Untransacted = () => ({ is: 'different', bootId: BOOT, up: 0 }),
  more: { readonly isKnown?: boolean } = {},
  own: Pick<SettleTools, 'passes' | 'limit'> = {},
) {
  let now = 10_000
  let looks = 0
  const verbs: string[] = []
  const events: Event[] = []
  const clock = {
    now: () => now,
    wall: () => 1_700_000_000_000 + now,
    sleep: async (milliseconds: number) => {
      now += milliseconds
    },
  }
  const answer = (args: readonly string[]): Answer => {
    const [, marker = '', verb = ''] = args
    verbs.push(verb)
    const said = script(verb, looks)
    if (said instanceof FleetError) {
      now += UNTIL_LOST
      throw said
    }
    const { code = 0, stdout = '' } = said
    const whole = `${stdout}@@MARK code ${code}\n`.replaceAll('MARK', marker)
    return { stderr: '', ...said, code, stdout: whole }
  }
  const connect = async (): Promise<Session> => {
    looks += 1
    const connectStart = now
    now += 20
    const refused = script('connect', looks)
    if (refused instanceof FleetError) throw refused
    return { connectStart, run: async ({ args = [] }) => answer(args), close: async () => {} }
  }
  const armed = {
    host: 'web1',
    nonce: 'n',
    bootId: BOOT,
    confirmTimeout: T,
    begunAt: now - ARMING,
    closedAt: now,
    ...more,
  }
  const tools = {
    connect,
    clock,
    emit: (event: Event) => void events.push(event),
    lookAgain: async () => lookAgain(),
    ...own,
  }
  const outcome: Settled = await settle(armed, tools)
  return { outcome, verbs, looks, events, elapsed: now - 10_000 }
}
