import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal, reopenJournal } from '../../../src/journal/append.ts'
import { findNewestRun, findOpenRun, findRun } from '../../../src/journal/find.ts'
import { recordOf } from '../../../src/journal/record.ts'
import { readJournal } from '../../../src/journal/replay.ts'
import { isRunning, thisWriter } from '../../../src/journal/writer.ts'
import type { Event } from '../../../src/model/event.ts'
import { finding } from '../events.ts'

let folder = ''
const tools = { clock: { wall: () => Date.UTC(2026, 0, 2) }, warn: () => undefined }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'))
})
afterEach(() => rm(folder, { recursive: true }))

const SETTLED = { isInFlight: false, isAccepted: false, isOfBefore: false }
const WRITER = { pid: 1, start: 'boot 1' }
const started = (run: string, inventory = ['/i/hosts']): Event => ({
  type: 'run-started',
  run,
  who: 'me@here',
  command: 'apply -y',
  hosts: 3,
  inventory,
  writer: WRITER,
})
const arming = (host: string, nonce: string, base = 1): Event => ({
  type: 'host-step',
  host,
  step: 'arming',
  nonce,
  bootId: 'b',
  confirmTimeout: 60_000,
  base,
  generation: base + 1,
})
const ended = (run: string): Event => ({ type: 'run-ended', run, states: {} })
const resumed = (run: string): Event => ({ type: 'run-resumed', run, who: 'you', writer: WRITER })

async function write(run: string, ...events: readonly Event[]): Promise<string> {
  const journal = await openJournal(folder, run, tools)
  for (const event of events) await journal.append(event)
  await journal.close()
  return journal.file
}

const recordIn = async (file: string) => recordOf(await readJournal(file))

describe('the record of a run', () => {
  it('tells a run that had nobody to change from one that never came to a plan', async () => {
    const planned = await write('p', started('p'), { type: 'rollout-planned', run: 'p', stages: [] })
    expect(await recordIn(planned)).toMatchObject({ isPlanned: true, stages: [] })
    expect(await recordIn(await write('n', started('n')))).toMatchObject({ isPlanned: false, stages: [] })
  })

  it('knows of each host its plan, its last handover and its last outcome', async () => {
    const file = await write(
      'r',
      started('r'),
      { type: 'phase-started', phase: 'observe', hosts: ['a', 'b', 'c'] },
      { type: 'host-planned', host: 'b', verdict: 'change' },
      arming('b', 'first'),
      arming('b', 'second'),
      { type: 'host-step', host: 'a', step: 'arming', nonce: 'of an older version' },
      { type: 'host-settled', host: 'a', state: 'failed' },
      { type: 'host-settled', host: 'a', state: 'persisted', generation: 4 },
    )
    const record = await recordIn(file)
    expect(record).toMatchObject({ run: 'r', who: 'me@here', inventory: ['/i/hosts'], isEnded: false })
    expect(record?.writers).toEqual([WRITER])
    expect([...(record?.hosts ?? [])]).toEqual([
      ['a', { outcome: { host: 'a', state: 'persisted', generation: 4 }, ...SETTLED }],
      [
        'b',
        {
          verdict: 'change',
          handover: expect.objectContaining({ nonce: 'second', generation: 2 }),
          base: 1,
          generation: 2,
          isInFlight: true,
        },
      ],
      ['c', {}],
    ])
  })

  it('knows the rules that were rendered for each host when the run began, whatever is rendered later', async () => {
    const rendered = (sha256: string, ...hosts: readonly string[]) => ({ sha256, hosts })
    const file = await write(
      'r',
      started('r'),
      { type: 'rules-rendered', rules: [rendered('web', 'a', 'b'), rendered('db', 'c')] },
      resumed('r'),
      { type: 'rules-rendered', rules: [rendered('new', 'b', 'd')] },
    )
    const rules = [...((await recordIn(file))?.hosts ?? [])].map(([host, one]) => [host, one.rendered])
    expect(Object.fromEntries(rules)).toEqual({ a: 'web', b: 'web', c: 'db', d: 'new' })
  })

  it('knows where a host stood before the run, however often the run has changed it', async () => {
    const persisted: Event = { type: 'host-settled', host: 'a', state: 'persisted' }
    const file = await write('r', started('r'), arming('a', 'there'), persisted, arming('a', 'back', 2))
    expect((await recordIn(file))?.hosts.get('a')).toMatchObject({
      base: 1,
      generation: 3,
      handover: { base: 2, generation: 3 },
      outcome: { state: 'persisted' },
      isInFlight: true,
    })
  })

  it('takes a host that had gone back, and that others may have changed since, as it was before the next try', async () => {
    const reverted: Event = { type: 'host-settled', host: 'a', state: 'reverted' }
    const again = [resumed('r'), arming('a', 'again', 2), arming('a', 'disarmed', 2)]
    const file = await write('r', started('r'), arming('a', 'there'), reverted, ...again)
    expect((await recordIn(file))?.hosts.get('a')).toMatchObject({ base: 2, generation: 3 })
  })

  it('knows of a taking back that nobody has brought to its end', async () => {
    const why = finding('budget-spent')
    const takingBack: Event = { type: 'taking-back', run: 'r', hosts: ['a', 'b'], why }
    expect(await recordIn(await write('r', started('r'), takingBack))).toMatchObject({
      takingBack: { hosts: ['a', 'b'], why },
    })
    expect(await recordIn(await write('s', started('s'), takingBack, resumed('s')))).toHaveProperty(
      'takingBack',
    )
    expect(await recordIn(await write('t', started('t'), takingBack, ended('t')))).not.toHaveProperty(
      'takingBack',
    )
  })

  it.each([
    ['without an end is open', [started('r')], false],
    ['with an end is ended', [started('r'), ended('r')], true],
    ['that was resumed is open again', [started('r'), ended('r'), resumed('r')], false],
    ['that was resumed to its end is ended', [started('r'), resumed('r'), ended('r')], true],
  ] as const)('%s', async (_, events, isEnded) => {
    expect((await recordIn(await write('r', ...events)))?.isEnded).toBe(isEnded)
  })

  it('is none for a journal that begins in the middle', async () => {
    expect(await recordIn(await write('r', ended('r')))).toBeUndefined()
  })
})

describe('a journal that is gone on with', () => {
  it('loses the line that was torn and nothing else', async () => {
    const file = await write('r', started('r'))
    const whole = await readFile(file, 'utf8')
    await appendFile(file, '{"at":"2026-01-02T00:00:00.000Z","type":"host-se')
    const journal = await reopenJournal(folder, 'r', tools)
    await journal.append(resumed('r'))
    await journal.close()
    expect((await readFile(file, 'utf8')).startsWith(whole)).toBe(true)
    expect((await readJournal(file)).map(({ event }) => event)).toEqual([started('r'), resumed('r')])
  })

  it('that is not there is an error', async () => {
    await expect(reopenJournal(folder, 'none', tools)).rejects.toMatchObject({
      code: 'journal-unwritable',
      args: { isBegun: true },
    })
  })
})

describe('finding a run', () => {
  it('takes the newest without an end, of this inventory', async () => {
    await write('20260101-000000-aaaa', started('20260101-000000-aaaa'))
    await write('20260102-000000-bbbb', started('20260102-000000-bbbb'))
    await write('20260103-000000-cccc', started('20260103-000000-cccc'), ended('c'))
    await write('20260104-000000-dddd', started('20260104-000000-dddd', ['/other']))
    await appendFile(join(folder, '20260105-000000-eeee.jsonl'), 'garbage\nmore\n')
    expect((await findOpenRun(folder, ['/i/hosts'])).run).toBe('20260102-000000-bbbb')
  })

  it('takes the newest at all to go on with, and names an older one without an end', async () => {
    const [older, newer] = ['20260101-000000-aaaa', '20260102-000000-bbbb']
    await write(older, started(older))
    expect(await findNewestRun(folder, ['/i/hosts'])).toEqual({
      record: expect.objectContaining({ run: older }),
    })
    await write(newer, started(newer), ended(newer))
    expect(await findNewestRun(folder, ['/i/hosts'])).toMatchObject({ record: { run: newer }, older })
    await expect(findNewestRun(folder, ['/else'])).rejects.toMatchObject({ code: 'run-none' })
  })

  it('takes the newest at all where every one has an end', async () => {
    for (const run of ['20260101-000000-aaaa', '20260102-000000-bbbb'])
      await write(run, started(run), ended(run))
    expect(await findOpenRun(folder, ['/i/hosts'])).toMatchObject({
      run: '20260102-000000-bbbb',
      isEnded: true,
    })
  })

  it('says which there are where there is none of that name', async () => {
    await write('20260101-000000-aaaa', started('20260101-000000-aaaa'))
    expect((await findRun(folder, '20260101-000000-aaaa')).command).toBe('apply -y')
    await expect(findRun(folder, '../else')).rejects.toMatchObject({
      code: 'run-unknown',
      args: { newest: ['20260101-000000-aaaa'] },
    })
    await expect(findOpenRun(join(folder, 'none'), ['/i/hosts'])).rejects.toMatchObject({ code: 'run-none' })
  })
})

describe('who writes a journal', () => {
  it('runs as long as its process does', async () => {
    const child = spawn('sleep', ['60'])
    const { pid = 0 } = child
    expect(isRunning(thisWriter())).toBe(true)
    expect(isRunning({ pid, start: '' })).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isRunning({ pid, start: '' })).toBe(false)
  })

  it('is not a later process with the same number', () => {
    const { pid, start } = thisWriter()
    expect(start).not.toBe('')
    expect(isRunning({ pid, start: `${start}0` })).toBe(false)
  })
})
