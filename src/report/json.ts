import type { Event } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { say } from './say.ts'

/** An event as one line of JSON, without its line end; docs/json.md is the schema. Findings carry their sentence. */
export function jsonLine(event: Event): string {
  if (event.type !== 'host-settled' || !event.finding) return JSON.stringify(event)
  return JSON.stringify({ ...event, finding: withMessage(event.finding) })
}

const withMessage = (finding: Finding) => ({ ...finding, message: say(finding) })
