import type { BlockOutcome } from '../block/event.ts'
import type { Verb } from './block-words.ts'
import { say } from './say.ts'
import { groupBy, hosts } from './words.ts'

const BLOCKS: ReadonlySet<string> = new Set(['blocked', 'blocked, not persisted'])
/** Hosts that are named one by one; of more that say the same, only the names. */
const NAMED = 20

/** As an operator reads it in the morning: failures first, and what to do next in the last line. */
export function printBlockSummary(outcomes: readonly BlockOutcome[], verb: Verb): string {
  const failed = outcomes.filter(({ state }) => !BLOCKS.has(state))
  const open = outcomes.filter(({ state, finding }) => BLOCKS.has(state) && finding)
  const lines = [
    ...fold(failed, verb),
    ...fold(open, verb),
    ...sayKilled(outcomes),
    ...lastLines(outcomes, verb),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** Hosts of which the same is to be said, in one line. */
function fold(outcomes: readonly BlockOutcome[], verb: Verb): string[] {
  const groups = groupBy(outcomes, ({ state, finding }) => `${state} ${finding ? say(finding) : ''}`)
  return [...groups.values()].map(all => {
    const names = all.map(({ host }) => host)
    const shown = names.length > NAMED ? [...names.slice(0, NAMED), `${names.length - NAMED} more`] : names
    const [first] = all
    const why = first?.finding ? ` ${say(first.finding)}` : ''
    return `${shown.join(', ')}: ${sayState(first?.state ?? 'unknown', verb)}.${why}`
  })
}

function sayState(state: BlockOutcome['state'], verb: Verb): string {
  if (verb !== 'unblock') return state
  return state === 'blocked'
    ? 'unblocked'
    : state === 'blocked, not persisted'
      ? 'unblocked, not persisted'
      : state
}

function sayKilled(outcomes: readonly BlockOutcome[]): string[] {
  const killed = outcomes.reduce((sum, { answer }) => sum + (answer?.killed ?? 0), 0)
  return killed === 0 ? [] : [`${killed} ${killed === 1 ? 'connection' : 'connections'} deleted.`]
}

function lastLines(outcomes: readonly BlockOutcome[], verb: Verb): string[] {
  const count = (state: BlockOutcome['state']) => outcomes.filter(one => one.state === state).length
  const [whole, passing] = [count('blocked'), count('blocked, not persisted')]
  const left = outcomes.length - whole - passing
  const what = verb === 'unblock' ? 'unblocked' : verb === 'repair' ? 'in line with the ledger' : 'blocked'
  const kept = verb === 'unblock' ? '' : ', and after a reboot as well'
  if (left === 0 && passing === 0) return [`${hosts(whole)}: ${what}${kept}.`]
  const all = `${whole + passing} of ${hosts(outcomes.length)}: ${what}${passing > 0 ? `, ${passing} of them only until a reboot` : ''}.`
  if (left === 0) return [`${all} Mend what is said above, then \`fleet blocks --repair\`.`]
  return [
    `${all} ${left} left: mend what is said above, then \`fleet blocks --repair\`; the next block or apply does it too.`,
  ]
}
