import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Recorded, readJournal } from '../../src/journal/replay.ts'
import type { Event, Heard } from '../../src/model/event.ts'
import type { Site } from '../integration/hosts/site.ts'

/** What the last journal of a folder tells of a host, in its order: `arming`, `arm?`, `arm 0`, ..., `persisted`. */
export const story = async (site: Site, host: string): Promise<readonly string[]> =>
  storyIn(await lastJournal(site), host)

const storyIn = (journal: readonly Recorded[], host: string): readonly string[] =>
  journal.flatMap(({ event }) => told(event, host))

export async function lastJournal(site: Site): Promise<readonly Recorded[]> {
  const last = (await readdir(site.journals)).toSorted().at(-1) ?? 'none'
  return readJournal(join(site.journals, last))
}

/** `VERB?` is what a host was asked, `VERB CODE STATE WHY` what it answered, `VERB: ERROR` that it didn't. */
function told(event: Event, host: string): readonly string[] {
  if (event.type === 'run-resumed') return ['resumed']
  if (!('host' in event) || event.host !== host) return []
  switch (event.type) {
    case 'host-step':
      return [event.step]
    case 'host-asked':
      return [`${event.verb}?`]
    case 'host-answered':
      return [`${event.verb}${'error' in event ? `: ${event.error}` : ` ${wordsOf(event)}`}`]
    case 'host-planned':
      return [`planned: ${event.verdict}`]
    case 'host-checked':
      return ['checked']
    case 'host-gate':
      return [`gate ${event.gate}: ${event.is}`]
    case 'host-settled':
      return [event.finding ? `${event.state}: ${event.finding.code}` : event.state]
    default:
      return event satisfies never
  }
}

const wordsOf = ({ code, state = '', reason = '' }: Extract<Heard, { code: number }>): string =>
  `${code} ${state} ${reason}`.trim().replaceAll(/ +/g, ' ')

const ANSWER = /^(arm|go|await|status|confirm|rollback|packages|forget|observe|report|connect)(: | \d)/
const ASKED = /^\w+\?$/
/** What must come right after a step that says what is asked. */
const FOLLOWS: Readonly<Record<string, string>> = {
  arming: 'arm?',
  installing: 'packages?',
  confirming: 'confirm?',
}

/** A look at what stands there, after the host had said that it doesn't know the change (any more). */
const LOOKED = /^(observe|report) 0/
/** The last answer that can lead to a verdict; `none` is that nothing was asked. */
const LAST: Readonly<Record<string, RegExp>> = {
  unchanged: /^none$|^observe 0/,
  persisted: /^confirm 0|^forget \d|^(observe|report) 0/,
  'reverted: taken-back': /^confirm 0|^(observe|report) 0/,
  'persisted: removed-not-forgotten': /^forget(: | \d)/,
  // The way back failed, or never began.
  'persisted: not-taken-back':
    /^(confirm 0|rollback 11|\w+ 10 (ROLLED_BACK|DISARMED))|^(connect|observe|packages|arm|report)(: | \d)/,
  reverted: /^\w+ 10 ROLLED_BACK|^(observe|report) 0/,
  'confirmed, not persisted': /^confirm 17/,
  stuck: /^\w+ 21 STUCK/,
  'failed: arm-lost': /^rollback 11|^\w+ 10 DISARMED/,
  'failed: disarmed': /^\w+ 10 DISARMED/,
  'failed: session-stayed': /^\w+ 10 DISARMED session/,
  'failed: packages-failed': /^packages 18/,
  failed: /^(none|observe|packages|connect|arm)\b/,
  refused: /^none$|^(arm|packages|observe|report) /,
  unreachable: /^none$|^connect: |^arm: |^observe: /,
  'not started': /^none$/,
  unknown: /: |^none$|^(await|status|observe|report) /,
}

/** What is wrong with the story of a host that ended so; nothing is, if it is whole, in order, and says why. */
export function gapsIn(lines: readonly string[], said: string, begins: string): readonly string[] {
  const last = lines.findLast(line => ANSWER.test(line)) ?? 'none'
  const leads = LAST[said] ?? LAST[said.split(':')[0] ?? '']
  // At the end of a stage those that persisted are looked at once more.
  const end = lines.findLast(line => !/^(observing$|checked|gate )/.test(line))
  const isLooked = LOOKED.test(last) && /^(persisted|reverted)$/.test(said.split(':')[0] ?? '')
  return [
    ...(lines[0] === begins ? [] : [`it begins with ${lines[0]}`]),
    ...(end === said ? [] : [`it ends with ${end}`]),
    ...(leads?.test(last) ? [] : [`${last} doesn't lead to ${said}`]),
    ...(isLooked && !lines.some(line => / 11( |$)/.test(line)) ? ['it was looked at for no reason'] : []),
    ...lines.flatMap((line, at) => gapsAt(line, lines[at + 1] ?? 'nothing', lines[at - 1] ?? 'nothing')),
  ]
}

function gapsAt(line: string, next: string, before: string): readonly string[] {
  const wanted = FOLLOWS[line]
  const isDead = next === 'resumed'
  const verb = line.slice(0, -1)
  return [
    ...(wanted && next !== wanted && !isDead ? [`${next} after ${line}`] : []),
    ...(ASKED.test(line) && !isDead && !answers(verb, next) ? [`${next} after ${line}`] : []),
    ...(isAnswer(line) && !answers(before.slice(0, -1), line) ? [`nobody asked for ${line}`] : []),
    ...(line === 'applied' && !/^(await|status) 0 APPLIED/.test(before) ? [`${before} before applied`] : []),
  ]
}

const answers = (verb: string, line: string) => line.startsWith(`${verb}:`) || line.startsWith(`${verb} `)
const isAnswer = (line: string) => ANSWER.test(line) && !line.startsWith('connect')

/** The journal tells all of it: what this host was asked, what it answered, and that it ended so. */
export const tells = async (site: Site, host: string, said: string): Promise<void> =>
  isWhole(await lastJournal(site), host, said)

/** The same of a journal that begins with this step. */
export function isWhole(
  journal: readonly Recorded[],
  host: string,
  said: string,
  begins = 'observing',
): void {
  const lines = storyIn(journal, host)
  expect({ gaps: gapsIn(lines, said, begins), lines }).toEqual({ gaps: [], lines })
}
