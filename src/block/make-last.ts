import type { BlockState } from '../host/block-answer.ts'
import { FleetError } from '../model/error.ts'
import { type BlockHost, isPassing, isStanding, type Verbs, withSession } from './attempt.ts'
import { type BlockOutcome, isBlocking } from './event.ts'
import { judge, type Step } from './verdict.ts'

/** What a host lacks before it can block anything. */
export async function installFor(
  one: BlockHost,
  verbs: Verbs,
  before: BlockOutcome,
  stop: AbortSignal,
): Promise<Step> {
  try {
    await withSession(one.connect('again', stop), session => verbs.install(session))
    return { next: 'send', outcome: before }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    const outcome = { host: one.host, state: error.hostState ?? ('failed' as const), finding: error.finding }
    return { next: isPassing(error) ? 'again' : 'done', outcome }
  }
}

/** Packages and files by which it still blocks after a boot. It blocks already, unless it was booted since. */
export async function persistFor(
  one: BlockHost,
  verbs: Verbs,
  before: BlockOutcome,
  stop: AbortSignal,
): Promise<Step> {
  try {
    return await withSession(one.connect('again', stop), async session => {
      await verbs.install(session)
      const state = await verbs.persist(session, one.order().now)
      // It was booted in between, before anything there would bring the block back.
      if (!isStanding(state)) return { next: 'send', outcome: fallen(one.host, state) }
      const { why: _, ...said } = before.answer ?? {}
      return { next: 'done', outcome: judge(one, { ...said, ...state }).outcome }
    })
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    // What it refuses comes first, and says already that the rest doesn't last.
    const outcome = isBlocking(before) ? { ...before, finding: error.finding } : before
    return { next: isPassing(error) ? 'again' : 'done', outcome }
  }
}

const fallen = (host: string, { hook }: BlockState): BlockOutcome => ({
  host,
  state: 'failed',
  finding: { code: 'block-not-standing', severity: 'error', args: { hook } },
})
