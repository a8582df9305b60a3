import { createHash } from 'node:crypto'
import { badArgument, type Call, has } from './call.ts'

const RATE = /^([1-9]\d{0,4})\/(s|sec|second|m|min|minute|h|hour|d|day)$/
const UNITS: Readonly<Record<string, string>> = { s: 'sec', m: 'min', h: 'hour', d: 'day' }

/** iptables' own burst, which iptables-save leaves out. */
const USUAL_BURST = 5

/** `limit="30/min" burst=30`, for all together or, with `per="source"`, for each source address (an IPv6 /64 is one). */
export function limitOf(call: Call): string[] {
  const rate = rateOf(call)
  if (rate === undefined) {
    const left = ['burst', 'per'].find(key => has(call, key))
    if (left) throw badArgument(call, left, 'a limit beside it')
    return []
  }
  const burst = burstOf(call)
  if (!has(call, 'per')) {
    return [
      '-m',
      'limit',
      '--limit',
      rate,
      ...(burst === USUAL_BURST ? [] : ['--limit-burst', String(burst)]),
    ]
  }
  if (call.values.per !== 'source') throw badArgument(call, 'per', '"source"')
  return perSource(call, rate, burst)
}

function rateOf(call: Call): string | undefined {
  if (!has(call, 'limit')) return call.verb === 'log' ? '10/min' : undefined
  const match = typeof call.values.limit === 'string' ? RATE.exec(call.values.limit) : null
  if (!match) throw badArgument(call, 'limit', 'a rate such as 30/min, 5/sec or 100/hour')
  return `${match[1]}/${UNITS[match[2]?.charAt(0) ?? '']}`
}

function burstOf(call: Call): number {
  if (!has(call, 'burst')) return USUAL_BURST
  const burst = Number(call.values.burst)
  if (Number.isInteger(burst) && burst >= 1 && burst <= 10_000) return burst
  throw badArgument(call, 'burst', 'a whole number from 1 to 10000')
}

/** The kernel keeps one table a name, with the first limit it hears: a name must say all that the limit is. */
function perSource(call: Call, rate: string, burst: number): string[] {
  const { tcp, udp, service, proto } = call.values
  const all = JSON.stringify([call.chain, call.run.family, tcp, udp, service, proto, rate, burst])
  const name = `fleet-${createHash('sha256').update(all).digest('hex').slice(0, 8)}`
  const mask = call.run.family === 6 ? ['--hashlimit-srcmask', '64'] : []
  const counted = ['--hashlimit-upto', rate, '--hashlimit-burst', String(burst), '--hashlimit-mode', 'srcip']
  return ['-m', 'hashlimit', ...counted, '--hashlimit-name', name, ...mask]
}
