import { type Answer, answer, any } from '../answer.ts'

/** A port, a range `a:b` with either end left out, or a list of those. A service's name is not known here. */
export function isPort(port: number | undefined, text: string): Answer {
  return any(text.split(',').map(one => isInRange(port, one)))
}

function isInRange(port: number | undefined, text: string): Answer {
  const [from = '', to = from] = text.split(':')
  const [low, high] = [from === '' ? 0 : Number(from), to === '' ? 65535 : Number(to)]
  if (Number.isNaN(low) || Number.isNaN(high)) return 'unknown'
  if (low === 0 && high === 65535) return 'yes'
  return answer(port === undefined ? undefined : low <= port && port <= high)
}
