import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { createProgress } from '../../../src/report/progress.ts'

/** What is written, write by write. */
function createScreen(columns = 200) {
  const writes: string[] = []
  const write = (chunk: unknown, _encoding: string, done: () => void) => {
    writes.push(String(chunk))
    done()
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a terminal only `write` and its size are used
  const stream = Object.assign(new Writable({ decodeStrings: false, write }), { columns }) as never
  return { stream, writes, text: () => stripVTControlCharacters(writes.join('')) }
}

/** Time that stands still until somebody advances it. */
function createClock() {
  let now = 0
  let wake: (() => void)[] = []
  return {
    now: () => now,
    sleep: () => new Promise<void>(resolve => wake.push(resolve)),
    async advance(milliseconds: number) {
      now += milliseconds
      const sleepers = wake
      wake = []
      for (const one of sleepers) one()
      await new Promise(setImmediate)
    },
    get sleepers() {
      return wake.length
    },
  }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `web${at + 1}`)
const step = (host: string, step: 'observing' | 'arming' | 'applied'): Event => ({
  type: 'host-step',
  host,
  step,
})
const settled = (host: string, state: 'persisted' | 'unreachable'): Event =>
  state === 'persisted'
    ? { type: 'host-settled', host, state }
    : {
        type: 'host-settled',
        host,
        state,
        finding: {
          code: 'connect-failed',
          severity: 'error',
          args: { host, address: host, port: 22, reason: `no${' good'.repeat(40)}\nway` },
        },
      }

async function play(isTTY: boolean, events: readonly Event[]) {
  const screen = createScreen()
  const progress = createProgress({ stream: screen.stream, isTTY, clock: createClock() })
  for (const event of events) await progress.emit(event)
  await progress.done()
  return screen
}

const RUN: readonly Event[] = [
  { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 4 },
  { type: 'phase-started', phase: 'observe', hosts: names(4) },
  ...names(4).map(host => step(host, 'observing')),
  { type: 'host-planned', host: 'web1', verdict: 'change' },
  { type: 'host-planned', host: 'web2', verdict: 'change' },
  settled('web3', 'unreachable'),
  { type: 'host-planned', host: 'web4', verdict: 'unchanged' },
  { type: 'phase-started', phase: 'apply', hosts: ['web1', 'web2'] },
  { type: 'host-settled', host: 'web4', state: 'unchanged' },
  step('web1', 'arming'),
  settled('web1', 'persisted'),
  {
    type: 'host-settled',
    host: 'web2',
    state: 'reverted',
    finding: { code: 'x', severity: 'error', args: {} },
  },
  { type: 'run-ended', run: 'r', states: {} },
]

describe('progress into a pipe', () => {
  it('is a line for each phase and for each host that ends badly', async () => {
    const screen = await play(false, RUN)
    expect(screen.text().split('\n')).toEqual([
      'observing 4 hosts',
      `web3: unreachable: web3 (port 22) can't be reached: no${' good'.repeat(40)}`,
      'observed: 2 to change, 1 unchanged, 1 unreachable',
      'applying to 2 hosts',
      'web2: reverted: x {}',
      'applied: 1 persisted, 1 reverted',
      '',
    ])
  })

  it('says nothing of a phase without hosts', async () => {
    const screen = await play(false, [{ type: 'phase-started', phase: 'apply', hosts: [] }])
    expect(screen.text()).toBe('')
  })

  it('says how many hosts have no end where the run was cut off', async () => {
    const screen = await play(false, RUN.slice(0, 7))
    expect(screen.text()).toContain('observed: 1 to change, 3 unfinished\n')
  })
})

describe('progress on a terminal', () => {
  it('leaves a line with the result of each phase', async () => {
    const screen = await play(true, RUN)
    expect(screen.text()).toMatch(/observed: 2 to change, 1 unchanged, 1 unreachable\n/)
    expect(screen.text()).toMatch(/applied: 1 persisted, 1 reverted\n/)
  })

  it('redraws by the clock and not by the event, with the slowest host', async () => {
    const screen = createScreen()
    const clock = createClock()
    const progress = createProgress({ stream: screen.stream, isTTY: true, clock })
    const emit = async (events: readonly Event[]) => {
      for (const event of events) await progress.emit(event)
    }
    await emit([{ type: 'phase-started', phase: 'apply', hosts: names(500) }])
    await emit(names(500).map(host => step(host, 'arming')))
    await expect.poll(() => screen.text()).toMatch(/applying: \[ {20}\] 0\/500$/m)
    const before = screen.writes.length
    await emit([
      ...names(499)
        .slice(1)
        .map(host => settled(host, 'persisted')),
      step('web1', 'applied'),
    ])
    expect(screen.writes.length).toBe(before)
    await clock.advance(7000)
    expect(screen.text()).toContain('applying: [=================== ] 498/500, 498 persisted, 4269/min\n')
    expect(screen.text()).toMatch(/slowest: web1 applied \(7 s\), web500 arming \(7 s\)\n/)
    expect(screen.writes.length - before).toBeLessThanOrEqual(4)
    await emit([settled('web1', 'persisted'), settled('web500', 'persisted')])
    expect(screen.text()).toMatch(/applied: 500 persisted\n/)
  })

  it('shows the latest failures while it lasts', async () => {
    const screen = createScreen()
    const clock = createClock()
    const progress = createProgress({ stream: screen.stream, isTTY: true, clock })
    await progress.emit({ type: 'phase-started', phase: 'observe', hosts: names(9) })
    await expect.poll(() => clock.sleepers).toBe(1)
    await new Promise(setImmediate)
    for (const host of names(7)) await progress.emit(settled(host, 'unreachable'))
    const textLater = async () => {
      await clock.advance(200)
      return screen.text()
    }
    await expect.poll(textLater).toContain('7 failed, the latest:')
    expect(screen.text()).toContain('web7: unreachable')
    expect(screen.text()).not.toContain('web2: unreachable')
    await progress.done()
    expect(screen.text()).toContain('observed: 7 unreachable, 2 unfinished')
  })

  it.each([
    [60, / observing stage 2 of 3: 400\/1000, 400 unreachable, 8000\/…$/],
    [82, / observing stage 2 of 3: \[=+ +\] 400\/1000, 400 unreachable, 8000\/min, 5 s left$/],
    [150, / observing stage 2 of 3: \[={8} {12}\] 400\/1000, 400 unreachable, 8000\/min, 5 s left$/],
  ])('keeps each line to itself in a window of %i columns', async (columns, line) => {
    const screen = createScreen(columns)
    const clock = createClock()
    const progress = createProgress({ stream: screen.stream, isTTY: true, clock })
    await progress.emit({ type: 'phase-started', phase: 'observe', hosts: names(1000), stage: 2, stages: 3 })
    await expect.poll(() => clock.sleepers).toBe(1)
    await new Promise(setImmediate)
    for (const host of names(400)) await progress.emit(settled(host, 'unreachable'))
    await clock.advance(3000)
    const lines = screen.text().split(/[\r\n]+/)
    expect(lines).toContainEqual(expect.stringMatching(line))
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}web400: unreachable: web400 \(port 22\) .*…$/))
    const longest = Math.max(...lines.map(({ length }) => length))
    expect(longest).toBeGreaterThan(columns - 4)
    expect(longest).toBeLessThanOrEqual(columns)
    await progress.done()
  })

  it('says why hosts are taken back before it takes them back, whoever does that', async () => {
    const why = {
      code: 'gate-fail',
      severity: 'error',
      args: { gate: 'up', host: '', detail: 'it gives 0' },
    } as const
    const screen = await play(false, [
      { type: 'taking-back', run: 'r', hosts: ['web1'], why },
      { type: 'phase-started', phase: 'take back', hosts: ['web1'] },
    ])
    expect(screen.text().split('\n').slice(0, 2)).toEqual([
      'the rollout failed: The gate up passed before the change and fails after it: it gives 0.',
      'taking back 1 host',
    ])
  })

  it('leaves nothing below the line when nobody is slow any more', async () => {
    const screen = createScreen()
    const clock = createClock()
    const progress = createProgress({ stream: screen.stream, isTTY: true, clock })
    await progress.emit({ type: 'phase-started', phase: 'apply', hosts: names(3) })
    await progress.emit(step('web1', 'arming'))
    await expect.poll(() => clock.sleepers).toBe(1)
    await clock.advance(200)
    expect(screen.text()).toContain('slowest: web1')
    await progress.emit(settled('web1', 'persisted'))
    const before = screen.text().length
    await clock.advance(200)
    expect(screen.text().slice(before).trimEnd()).toMatch(/applying: .* 1\/3, 1 persisted$/)
    await progress.done()
  })

  it.each([true, false])('says what it waits for (a terminal: %s)', async isTTY => {
    const wait = { type: 'rollout-waiting', run: 'r', until: '2026-01-31T22:30:15.500Z' } as const
    const screen = await play(isTTY, [
      { ...wait, what: 'window', seconds: 11_400 },
      { ...wait, what: 'soak', seconds: 30 },
    ])
    expect(screen.text()).toBe(
      'no host starts yet: waiting for the window 3 h 10 min, until 2026-01-31 22:30:15 UTC\n' +
        'soaking 30 s, until 2026-01-31 22:30:15 UTC\n',
    )
  })

  it('takes neither interrupts nor standard output from the program', async () => {
    const screen = createScreen()
    const interrupts = process.listenerCount('SIGINT')
    const write: unknown = Reflect.get(process.stdout, 'write')
    const progress = createProgress({ stream: screen.stream, isTTY: true, clock: createClock() })
    await progress.emit({ type: 'phase-started', phase: 'observe', hosts: names(1) })
    await expect.poll(() => screen.text()).toContain('observing')
    expect(process.listenerCount('SIGINT')).toBe(interrupts)
    expect(Reflect.get(process.stdout, 'write')).toBe(write)
    await progress.done()
  })
})
