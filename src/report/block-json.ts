import type { Entry } from '../block/entry.ts'
import type { Finding } from '../model/finding.ts'
import type { Tried } from './block-dry.ts'
import { type Found, needOf } from './blocks.ts'
import { say } from './say.ts'

const line = (value: object) => `${JSON.stringify(value)}\n`
const iso = (milliseconds: number) => new Date(milliseconds).toISOString().replace('.000Z', 'Z')
const withMessage = (finding: Finding) => ({ ...finding, message: say(finding) })

/** What a block would do on one host, as a line. */
export function dryLine(tried: Tried): string {
  const start = { type: 'block-dry', host: tried.host }
  if (!('answer' in tried)) return line({ ...start, state: tried.state, finding: withMessage(tried.finding) })
  const { live, refused } = tried.answer
  return line({ ...start, live: live ?? null, refused })
}

/** An entry of the ledger as a line. */
export function entryLine(entry: Entry): string {
  const { until, at } = entry
  return line({ type: 'block-entry', ...entry, until: until === 0 ? null : iso(until * 1000), at: iso(at) })
}

/** What a host has of the ledger, as a line. */
export function foundLine(found: Found): string {
  const start = { type: 'block-host', host: found.host, is: needOf(found) }
  if (!('blocks' in found)) return line({ ...start, state: found.state, finding: withMessage(found.finding) })
  const { blocks, lacked, later, refused, unknown, isBehindFeeds } = found
  const { keeps: _, ...stands } = blocks
  return line({ ...start, ...stands, lacked, isBehindFeeds, later, refused, unknown })
}
