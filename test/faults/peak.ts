import { readFileSync } from 'node:fs'
import type { Running } from '../integration/hosts/site.ts'

/** KiB: what fleet may have at most, with some dozen hosts, whatever they send. */
export const PEAK_LIMIT = 600_000

/** Runs to its end, and answers the most memory that it had, in KiB. */
export async function peakOf(running: Running): Promise<number> {
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, peakSoFar(running.child.pid))
  }, 20)
  await running.end().finally(() => clearInterval(watch))
  return peak
}

function peakSoFar(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
