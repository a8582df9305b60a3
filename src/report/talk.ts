import type { Event } from '../model/event.ts'
import { say } from './say.ts'
import { plain } from './words.ts'

/** An event, and when it happened in ISO 8601: a line of a journal. */
interface Moment {
  readonly at: string
  readonly event: Event
}

/**
 * What happened to one host in a run: of which run, and then a line each for its steps, what it was asked, what it answered,
 * how it ended.
 */
export function printTalk(recorded: readonly Moment[], host: string): string {
  const lines = recorded.flatMap(({ at, event }) => {
    const told = lineOf(event, host)
    return told === undefined ? [] : [`${at.slice(11, 23)}  ${plain(told)}\n`]
  })
  return [...headOf(recorded, host), ...lines].join('')
}

/** Whoever names no run is told of the newest. */
function headOf([first]: readonly Moment[], host: string): readonly string[] {
  if (first?.event.type !== 'run-started') return []
  const { run, who } = first.event
  return [`${plain(`${host} in run ${run} of ${who}`)}, ${first.at.slice(0, 10)}, times in UTC\n`]
}

function lineOf(event: Event, host: string): string | undefined {
  if (event.type === 'run-resumed') return `${event.who} goes on with the run`
  if (!('host' in event) || event.host !== host) return undefined
  switch (event.type) {
    case 'host-step':
      return event.step
    case 'host-planned':
      return `planned: ${event.verdict}`
    case 'host-asked':
      return `  asked ${event.verb}`
    case 'host-answered':
      return `  ${event.verb}: ${answerOf(event)}`
    case 'host-gate':
      return `gate ${event.gate}, ${event.when}: ${event.is}${event.detail ? `, ${event.detail}` : ''}`
    case 'host-checked':
      return event.finding ? `checked: ${say(event.finding)}` : 'checked'
    case 'host-settled':
      return event.finding ? `${event.state}: ${say(event.finding)}` : event.state
    default:
      return event satisfies never
  }
}

function answerOf(event: Extract<Event, { type: 'host-answered' }>): string {
  if ('error' in event) return `no answer (${event.error})`
  const { code, state, reason } = event
  return [`exit code ${code}`, ...(state ? [state] : []), ...(reason ? [reason] : [])].join(', ')
}
