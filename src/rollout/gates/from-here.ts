import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { createConnection } from 'node:net'
import { fail, inconclusive, pass, type Reading } from './gate.ts'

/** Whether somebody answers at a port, as seen from the controller. Milliseconds. */
export function askTcp(host: string, port: number, timeout: number): Promise<Reading> {
  return new Promise(resolve => {
    const socket = createConnection({ host, port, timeout })
    const end = (reading: Reading) => {
      socket.destroy()
      resolve(reading)
    }
    socket.once('connect', () => end(pass))
    socket.once('timeout', () => end(fail(`no answer within ${timeout / 1000} s`)))
    socket.once('error', error => end(fail(error.message)))
  })
}

/**
 * Any answer below 400 passes. A redirect is an answer: where it leads is another server's business. Always over a new
 * connection: one from before the change passes through ESTABLISHED and proves nothing (fetch keeps them).
 */
export function askHttp(url: string, timeout: number): Promise<Reading> {
  return new Promise(resolve => {
    const signal = AbortSignal.timeout(timeout)
    const get = url.startsWith('https:') ? getHttps : getHttp
    const request = get(url, { agent: false, signal }, ({ statusCode = 0 }) => {
      request.destroy()
      resolve(statusCode < 400 ? pass : fail(String(statusCode)))
    })
    request.on('error', error =>
      resolve(fail(signal.aborted ? `no answer within ${timeout / 1000} s` : whyOf(error))),
    )
  })
}

/** fetch says `fetch failed`, and why in its cause. */
function whyOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

/**
 * An instant query: it passes if it gives values and none of them is 0, as comparisons with `bool` and filters
 * do. No value is no answer.
 */
export async function askPrometheus(at: string, query: string, timeout: number): Promise<Reading> {
  try {
    const url = new URL(`${at.replace(/\/$/, '')}/api/v1/query`)
    url.searchParams.set('query', query)
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeout) })
    if (!answer.ok) return inconclusive(`${answer.status} from ${at}`)
    return judge(valuesOf(await answer.json()))
  } catch (error) {
    return inconclusive(whyOf(error))
  }
}

function judge(values: readonly number[]): Reading {
  if (values.length === 0) return inconclusive('the query gives no value')
  if (values.some(value => Number.isNaN(value))) return inconclusive('the query gives NaN')
  return values.includes(0) ? fail('the query gives 0') : pass
}

/** Of a vector or a scalar (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries). */
function valuesOf(answer: unknown): readonly number[] {
  const data = get(answer, 'data')
  const result = get(data, 'result')
  if (get(data, 'resultType') === 'scalar') return [sampleOf(result)]
  return Array.isArray(result) ? result.map(one => sampleOf(get(one, 'value'))) : []
}

const sampleOf = (sample: unknown) => (Array.isArray(sample) ? Number(sample[1]) : Number.NaN)

const get = (of: unknown, key: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, key) : undefined
