import * as v from 'valibot'
import { HOOK_EVENTS, type HookEvent } from '../model/notice.ts'
import { duration } from './duration.ts'

/*
 * What `hooks:` may say. The message of each schema is the word for what was expected.
 */

/** Milliseconds. */
const TIMEOUT = 10_000
const LONGEST = 300_000

const text = v.pipe(v.string('text'), v.nonEmpty('text'))
const event = v.picklist(HOOK_EVENTS, 'hookEvent')
const events = v.union(
  [
    v.pipe(
      event,
      v.transform(one => [one]),
    ),
    v.pipe(v.array(event, 'hookEvents'), v.minLength(1, 'hookEvents')),
  ],
  issue => (Array.isArray(issue.input) ? 'hookEvents' : 'hookEvent'),
)

export const hookEntries = {
  command: v.nullish(text),
  url: v.nullish(v.pipe(v.string('hookUrl'), v.check(isHookUrl, 'hookUrl'))),
  on: v.nullish(events),
  timeout: v.nullish(v.pipe(duration, v.minValue(1, 'hookTimeout'), v.maxValue(LONGEST, 'hookTimeout'))),
}

const mapping = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'hook',
)

export const hooksSchema = v.array(
  v.pipe(
    mapping,
    v.object(hookEntries),
    v.check(({ command, url }) => (typeof command === 'string') !== (typeof url === 'string'), 'hook'),
  ),
  'hooks',
)

/** Somebody who wants to be told of runs. */
export type Hook = ({ readonly command: string; readonly directory: string } | { readonly url: string }) & {
  readonly on: readonly HookEvent[]
  /** Milliseconds. */
  readonly timeout: number
}

/** Commands run in `directory`. */
export const hooksOf = (written: v.InferOutput<typeof hooksSchema>, directory: string): readonly Hook[] =>
  written.map(({ command, url, on, timeout }) => ({
    ...(url ? { url } : { command: command ?? '', directory }),
    on: on ?? HOOK_EVENTS,
    timeout: timeout ?? TIMEOUT,
  }))

/** What is told of a run is nobody else's business; a relay on this machine is this machine. fetch takes no password in a URL. */
function isHookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  const isHere = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
  return protocol === 'https:' || (protocol === 'http:' && isHere)
}
