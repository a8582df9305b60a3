import { appendFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openJournal, whyLost } from '../../../src/journal/append.ts'
import { journalDirectory } from '../../../src/journal/place.ts'
import { readJournal } from '../../../src/journal/replay.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Finding } from '../../../src/model/finding.ts'

let folder = ''
let warnings: Finding[] = []
let time = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const tools = { clock: { wall: () => time++ }, warn: (finding: Finding) => void warnings.push(finding) }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
  warnings = []
  time = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
})
afterEach(() => rm(folder, { recursive: true }))

const STARTED: Event = { type: 'run-started', run: 'r1', who: 'me', command: 'apply', hosts: 1 }
const EVENTS: readonly Event[] = [
  STARTED,
  { type: 'phase-started', phase: 'observe', hosts: ['a'] },
  { type: 'host-step', host: 'a', step: 'arming', nonce: '0123' },
  { type: 'host-settled', host: 'a', state: 'failed', finding: { code: 'x', severity: 'error', args: {} } },
  { type: 'run-ended', run: 'r1', states: { failed: 1 } },
]

const HOST = { host: 'a' }
const WHY: Finding = { code: 'x', severity: 'error', args: {} }

/** Each kind of event there is. */
const SAMPLES: { readonly [T in Event['type']]: Extract<Event, { type: T }> } = {
  'run-started': { type: 'run-started', run: 'r1', who: 'me', command: 'apply', hosts: 1 },
  'run-resumed': { type: 'run-resumed', run: 'r1', who: 'me', writer: { pid: 1, start: '' } },
  'phase-started': { type: 'phase-started', phase: 'observe', hosts: ['a'] },
  'rules-rendered': { type: 'rules-rendered', rules: [] },
  'change-planned': { type: 'change-planned', hosts: ['a'], diff: [] },
  'rollout-planned': { type: 'rollout-planned', run: 'r1', stages: [['a']] },
  'rollout-waiting': { type: 'rollout-waiting', run: 'r1', what: 'soak', until: '', seconds: 1 },
  'rollout-paused': { type: 'rollout-paused', run: 'r1', why: WHY },
  'rollout-promoted': { type: 'rollout-promoted', run: 'r1' },
  'rollout-stopped': { type: 'rollout-stopped', run: 'r1', why: WHY },
  'taking-back': { type: 'taking-back', run: 'r1', hosts: ['a'], why: WHY },
  'host-planned': { type: 'host-planned', ...HOST, verdict: 'change' },
  'host-step': { type: 'host-step', ...HOST, step: 'arming', nonce: '0123' },
  'host-asked': { type: 'host-asked', ...HOST, verb: 'arm' },
  'host-answered': { type: 'host-answered', ...HOST, verb: 'arm', code: 0 },
  'host-gate': { type: 'host-gate', ...HOST, gate: 'tcp 443', when: 'before', is: 'pass', detail: '' },
  'host-checked': { type: 'host-checked', ...HOST },
  'host-settled': { type: 'host-settled', ...HOST, state: 'failed', finding: WHY },
  'run-ended': { type: 'run-ended', run: 'r1', states: { failed: 1 } },
}

/** Without these a later run would do again what was done, or leave out what is owed. What came before one is there with it. */
const SYNCED: ReadonlySet<Event['type']> = new Set<Event['type']>([
  'run-started',
  'run-resumed',
  'rollout-planned',
  'rollout-paused',
  'taking-back',
  'host-step',
  'host-checked',
  'host-settled',
  'run-ended',
])

const STEPS = ['observing', 'installing', 'arming', 'armed', 'applied', 'reconnecting', 'confirming'] as const

async function spyOnSyncs() {
  const probe = await open(join(folder, 'probe'), 'a')
  const synced = vi.spyOn(Object.getPrototypeOf(probe), 'datasync')
  await probe.close()
  return synced
}

async function write(events: readonly Event[]): Promise<string> {
  const journal = await openJournal(join(folder, 'deep', 'runs'), 'r1', tools)
  for (const event of events) await journal.append(event)
  await journal.close()
  return journal.file
}

describe('a journal', () => {
  it('gives back what was written, with its times', async () => {
    const recorded = await readJournal(await write(EVENTS))
    expect(recorded.map(({ event }) => event)).toEqual(EVENTS)
    expect(recorded[0]?.at).toBe('2026-01-02T03:04:05.006Z')
  })

  it("is its owner's alone, folder and file", async () => {
    const file = await write(EVENTS)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'deep', 'runs'))).mode & 0o777).toBe(0o700)
  })

  it.each(Object.values(SAMPLES).map(one => [one.type, one] as const))(
    'holds %s until it is on the disk where a later run must know of it',
    async (type, event) => {
      const synced = await spyOnSyncs()
      const journal = await openJournal(folder, 'r1', tools)
      synced.mockClear()
      await journal.append(event)
      expect(synced.mock.calls.length > 0).toBe(SYNCED.has(type))
      await journal.close()
      synced.mockRestore()
    },
  )

  it('holds no step of a host but its arming', async () => {
    const synced = await spyOnSyncs()
    const journal = await openJournal(folder, 'r1', tools)
    const waited: string[] = []
    for (const step of STEPS) {
      synced.mockClear()
      await journal.append({ type: 'host-step', host: 'a', step })
      if (synced.mock.calls.length > 0) waited.push(step)
    }
    await journal.close()
    synced.mockRestore()
    expect(waited).toEqual(['arming'])
  })

  it('is never written over', async () => {
    const file = await write(EVENTS)
    const before = await readFile(file, 'utf8')
    await expect(write(EVENTS)).rejects.toMatchObject({ code: 'journal-unwritable', at: { file } })
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  it('that has no place to be is an error before anything else happens', async () => {
    await writeFile(join(folder, 'file'), '')
    const opened = openJournal(join(folder, 'file', 'runs'), 'r1', tools)
    await expect(opened).rejects.toMatchObject({ code: 'journal-unwritable' })
    const inProc = openJournal('/proc/fleet', 'r1', tools)
    await expect(inProc).rejects.toMatchObject({ code: 'journal-unwritable' })
  })

  it("that can't be written any more says so once, and is lost", async () => {
    const journal = await openJournal(folder, 'r1', tools)
    await journal.append(STARTED)
    await journal.close()
    for (const event of EVENTS.slice(1)) await journal.append(event)
    expect(warnings).toMatchObject([{ code: 'journal-lost', severity: 'warning' }])
    expect(whyLost(journal)).toMatchObject({ code: 'journal-lost', at: { file: journal.file } })
  })

  it("whose first line can't be written stops the run", async () => {
    const journal = await openJournal(folder, 'r1', tools)
    await journal.close()
    await expect(journal.append(STARTED)).rejects.toMatchObject({ code: 'journal-unwritable' })
  })
})

describe('reading a journal', () => {
  it('leaves out a last line that was torn', async () => {
    const file = await write(EVENTS)
    await appendFile(file, '{"at":"2026-01-02T03:04:06.000Z","type":"host-se')
    expect(await readJournal(file)).toHaveLength(EVENTS.length)
  })

  it('cut at any byte gives a beginning of what was written', async () => {
    const file = await write(EVENTS)
    const whole = await readFile(file)
    for (let length = 0; length < whole.length; length++) {
      await writeFile(file, whole.subarray(0, length))
      const events = (await readJournal(file)).map(({ event }) => event)
      expect(events).toEqual(EVENTS.slice(0, events.length))
      expect(events.length).toBeGreaterThanOrEqual(
        whole.subarray(0, length).toString().split('\n').length - 1,
      )
    }
  })

  it.each(['garbage', '{"type":"run-ended"}', '[]', 'null', ''])('refuses %j before its end', async line => {
    const file = await write(EVENTS)
    await appendFile(file, `${line}\n`)
    await appendFile(file, `${JSON.stringify({ at: 'now', ...STARTED })}\n`)
    await expect(readJournal(file)).rejects.toMatchObject({
      code: 'journal-unreadable',
      at: { file, line: 6 },
    })
  })

  it('of a run that never was is an error', async () => {
    await expect(readJournal(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'journal-missing' })
  })
})

describe('the place of journals', () => {
  it('follows XDG_STATE_HOME where that is absolute', () => {
    expect(journalDirectory({ XDG_STATE_HOME: '/s' }, '/home/me')).toBe('/s/fleet/runs')
    expect(journalDirectory({ XDG_STATE_HOME: 'rel' }, '/home/me')).toBe('/home/me/.local/state/fleet/runs')
    expect(journalDirectory({}, '/home/me')).toBe('/home/me/.local/state/fleet/runs')
  })
})
