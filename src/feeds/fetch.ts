import { FleetError } from '../model/error.ts'

/** By what a server knows whether it has something newer. */
export interface Stamp {
  readonly etag?: string
  readonly lastModified?: string
}

export interface Fetched extends Stamp {
  readonly text: string
}

export interface Limits {
  /** As it is once unpacked. */
  readonly bytes: number
  /** Milliseconds, all of it. */
  readonly time: number
}

/** Half a million of the longest lines; a server that trickles holds up nobody. */
const LIMITS: Limits = { bytes: 32 * 1024 * 1024, time: 60_000 }
const REDIRECTS = 5

/**
 * A text over https and nothing else, also where it is sent on; `unchanged` where it is what `known` says.
 * Error: `feed-fetch`.
 */
export async function fetchFeed(
  name: string,
  url: string,
  known: Stamp = {},
  limits: Limits = LIMITS,
): Promise<Fetched | 'unchanged'> {
  const signal = AbortSignal.timeout(limits.time)
  try {
    const response = await follow(name, url, { headers: headersFor(known), redirect: 'manual', signal })
    if (response.status === 304) return 'unchanged'
    if (response.status !== 200) throw failed(name, 'status', String(response.status))
    const text = await readText(name, response, limits.bytes)
    return { text, ...stampOf(response.headers) }
  } catch (error) {
    if (error instanceof FleetError) throw error
    if (signal.aborted) throw failed(name, 'time', String(Math.round(limits.time / 1000)))
    throw failed(name, 'connection', reasonOf(error))
  }
}

const headersFor = ({ etag, lastModified }: Stamp): Record<string, string> => ({
  accept: 'text/plain, */*;q=0.5',
  'user-agent': 'fleet',
  ...(etag ? { 'if-none-match': etag } : {}),
  ...(lastModified ? { 'if-modified-since': lastModified } : {}),
})

async function follow(name: string, url: string, request: RequestInit): Promise<Response> {
  let next = url
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await fetch(next, request)
    const to = response.headers.get('location')
    if (to === null || response.status < 300 || response.status > 399) return response
    await response.body?.cancel()
    const there = URL.canParse(to, next) ? new URL(to, next) : undefined
    if (there?.protocol !== 'https:') throw failed(name, 'redirect', there?.origin ?? to.slice(0, 100))
    next = there.href
  }
  throw failed(name, 'redirects', '')
}

async function readText(name: string, response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    if (!(chunk instanceof Uint8Array)) continue
    bytes += chunk.byteLength
    // Leaving the loop ends the stream, and with it the connection.
    if (bytes > most) throw failed(name, 'size', String(most))
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function stampOf(headers: Headers): Stamp {
  const etag = headers.get('etag')
  const lastModified = headers.get('last-modified')
  return { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) }
}

const failed = (name: string, why: string, detail: string) =>
  new FleetError('feed-fetch', { name, why, detail })

/** fetch hides the reason in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
