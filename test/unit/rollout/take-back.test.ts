import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import { say } from '../../../src/report/say.ts'
import { printSummary } from '../../../src/report/summary.ts'
import { wasLetGo } from '../../../src/rollout/outcome.ts'
import { endOfReturn, takeBack } from '../../../src/rollout/take-back.ts'
import { FakeHost } from './fake-host.ts'
import { VirtualClock } from './virtual-clock.ts'

/* What is said of a host that is taken back: its old rules are where it goes, and what its guard puts back is what was to go. */

const endOf = (state: HostState, code: string, to = 3) =>
  endOfReturn(
    { host: 'a', state, finding: { code, severity: 'error', args: { detail: 'no room', last: 'x' } } },
    to,
  )

const summaryOf = (state: HostState, code: string, to = 3) => printSummary([endOf(state, code, to)])

describe('a host that was being taken back', () => {
  it('and of which nobody knows has what it had, or the rules of the run', () => {
    const text = summaryOf('unknown', 'host-silent')
    expect(text).toContain('was being taken back to generation 3 when fleet lost sight of it (host-silent).')
    expect(text).toContain('its guard puts those back')
    expect(text).toContain('`fleet resume` asks it again')
    expect(text).not.toContain('old rules')
  })

  it('and could not be put back either is no host with old rules to come', () => {
    expect(summaryOf('stuck', 'rollback-stuck')).toMatch(/couldn't put back the rules of this run yet either/)
  })

  it('and would not boot it has what it had in force, and is not to be run again', () => {
    const text = summaryOf('confirmed, not persisted', 'not-persisted', 0)
    expect(text).toContain('what stood before fleet is in force there again')
    expect(text).toContain('next boot: no room.')
    expect(text).toContain('`fleet resume` stores it')
    expect(text).not.toMatch(/new rules|run it again/)
  })

  it('is run again with all others, once the rollout can succeed', () => {
    const text = summaryOf('persisted', 'x')
    expect(text).toContain('Mend what made the rollout fail, and run it again.')
    expect(text).not.toContain('-l a')
  })

  it('and that fleet let go of leaves a run that has no end', () => {
    const ended = endOf('unknown', 'let-go')
    expect(wasLetGo(ended)).toBe(true)
    expect(ended.finding && say(ended.finding)).toContain('when fleet was told to let go of it')
    expect(wasLetGo(endOf('unknown', 'host-silent'))).toBe(false)
  })

  it('stands on its new rules where the connection broke off before anything was begun', async () => {
    const clock = new VirtualClock()
    const target = new FakeHost('a', 'good', clock).target(1)
    const error = new FleetError('aborted', {}, { hostState: 'unknown' })
    const tools = { run: 'r', who: 'me', confirmTimeout: 1, aptTimeout: 1, clock, emit: () => undefined }
    const outcome = await takeBack({ ...target, observe: () => Promise.reject(error) }, 1, tools)
    expect(outcome).toMatchObject({ state: 'persisted', finding: { code: 'not-taken-back' } })
    expect(wasLetGo(outcome)).toBe(true)
    expect(printSummary([outcome])).toContain('\n  `fleet resume` takes it back.\n')
  })
})
