import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { history } from '../../../src/journal/history.ts'
import type { Recorded } from '../../../src/journal/replay.ts'
import { summaryOf } from '../../../src/journal/summary.ts'
import { openTail } from '../../../src/journal/tail.ts'
import { thisWriter } from '../../../src/journal/writer.ts'
import type { Event, Writer } from '../../../src/model/event.ts'
import { finding } from '../events.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'))
})
afterEach(() => rm(folder, { recursive: true }))

const DEAD: Writer = { pid: 1, start: 'another boot 1' }
const started = (writer = DEAD, inventory = ['/i/hosts']): Event => ({
  type: 'run-started',
  run: 'r',
  who: 'me@here',
  command: 'apply -y',
  hosts: 3,
  inventory,
  writer,
})
const resumed = (writer = DEAD): Event => ({ type: 'run-resumed', run: 'r', who: 'you', writer })
const settled = (host: string): Event => ({ type: 'host-settled', host, state: 'persisted' })
const WHY = finding('budget-spent')
const stopped: Event = { type: 'rollout-stopped', run: 'r', why: WHY }
const ended: Event = { type: 'run-ended', run: 'r', states: { persisted: 2, failed: 1 } }
const paused: Event = { type: 'rollout-paused', run: 'r', why: WHY }

/** Events a second apart, but for those with a time of their own. */
const recorded = (...events: readonly (Event | [number, Event])[]): readonly Recorded[] => {
  let second = 0
  return events.map(one => {
    const [at, event] = Array.isArray(one) ? one : [second + 1, one]
    second = at
    return { at: new Date(second * 1000).toISOString(), event }
  })
}
const NOW = 100_000
const summary = (...events: readonly (Event | [number, Event])[]) => summaryOf(recorded(...events), NOW)

describe('a run in one line', () => {
  it('has ended, with what its hosts came to and why it ended early', () => {
    expect(summary(started(), settled('a'), stopped, ended)).toEqual({
      run: 'r',
      who: 'me@here',
      command: 'apply -y',
      inventory: ['/i/hosts'],
      since: '1970-01-01T00:00:01.000Z',
      took: 3000,
      is: 'ended',
      why: WHY,
      hosts: 3,
      states: { persisted: 2, failed: 1 },
    })
  })

  it('goes on, waits, or died', () => {
    const mine = started(thisWriter())
    expect(summary(mine, settled('a'))).toMatchObject({
      is: 'going on',
      states: { persisted: 1 },
      took: 99_000,
    })
    expect(summary(mine, paused)).toMatchObject({ is: 'paused', why: WHY })
    expect(summary(started(), settled('a'))).toMatchObject({
      is: 'died',
      states: { persisted: 1 },
      took: 1000,
    })
  })

  it('took as long as somebody was at it, and ended as the last one said', () => {
    const all = summary(started(), settled('a'), stopped, ended, [50, resumed()], settled('b'), ended)
    expect(all).toMatchObject({ is: 'ended', took: 3000 + 2000 })
    expect(all).not.toHaveProperty('why')
  })

  it('is none without a beginning', () => {
    expect(summary(ended)).toBeUndefined()
    expect(summary()).toBeUndefined()
  })
})

const write = (run: string, ...events: readonly Event[]) =>
  writeFile(
    join(folder, `${run}.jsonl`),
    recorded(...events)
      .map(({ at, event }) => `${JSON.stringify({ at, ...event })}\n`)
      .join(''),
  )
const runsOf = async (inventory: readonly string[], most = 9) =>
  (await history(folder, inventory, { most, now: NOW })).map(({ command }) => command)

describe('the runs of an inventory', () => {
  const named = (command: string, inventory?: string[]): Event =>
    Object.assign(started(DEAD, inventory), { command })

  it('are the newest first, and not those of others', async () => {
    await write('1', named('first'), ended)
    await write('2', named('other', ['/other']), ended)
    await write('3', named('third'))
    await writeFile(join(folder, '4.jsonl'), 'garbage\nmore\n')
    await writeFile(join(folder, '5.jsonl'), '')
    expect(await runsOf(['/i/hosts'])).toEqual(['third', 'first'])
    expect(await runsOf(['/i/hosts'], 1)).toEqual(['third'])
    expect(await runsOf(['/other'])).toEqual(['other'])
    expect(await history(join(folder, 'none'), [], { most: 1, now: NOW })).toEqual([])
  })

  it('are known also by a list of hosts that is longer than what is read first', async () => {
    const many = [Array.from({ length: 20_000 }, (_, at) => `host${at}`).join(',')]
    await write('1', named('long', many), ended)
    expect(await runsOf(many)).toEqual(['long'])
    expect(await runsOf(['/i/hosts'])).toEqual([])
  })
})

describe('a journal that is watched', () => {
  it('gives each line once, when it is whole', async () => {
    const file = join(folder, 'r.jsonl')
    await write('r', started())
    const tail = await openTail(file)
    const types = async () => (await tail.read()).map(({ event }) => event.type)
    expect(await types()).toEqual(['run-started'])
    expect(await types()).toEqual([])
    const line = JSON.stringify({ at: '', ...settled('hôst') })
    await appendFile(file, `${JSON.stringify({ at: '', ...paused })}\n${line.slice(0, 30)}`)
    expect(await types()).toEqual(['rollout-paused'])
    await appendFile(file, `${line.slice(30)}\n`)
    expect(await types()).toEqual(['host-settled'])
    await tail.close()
  })

  it('loses nothing when somebody cuts off what was torn', async () => {
    const file = join(folder, 'r.jsonl')
    await write('r', started())
    const tail = await openTail(file)
    await tail.read()
    await appendFile(file, '{"at":"","type":"host-se')
    expect(await tail.read()).toEqual([])
    await truncate(file, JSON.stringify({ at: recorded(started())[0]?.at, ...started() }).length + 1)
    await appendFile(file, `${JSON.stringify({ at: '', ...resumed() })}\n`)
    expect((await tail.read()).map(({ event }) => event.type)).toEqual(['run-resumed'])
    await tail.close()
  })

  it('that is not there is an error', async () => {
    await expect(openTail(join(folder, 'none'))).rejects.toMatchObject({ code: 'journal-missing' })
  })
})
