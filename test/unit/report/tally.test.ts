import { describe, expect, it } from 'vitest'
import { Tally } from '../../../src/report/tally.ts'

const names = (count: number) => Array.from({ length: count }, (_, at) => `web${at + 1}`)
const hosts = names(100)

/** What the line of a phase says after these many hosts have ended at these seconds. */
function pace(count: number, ...ends: readonly [number, number][]) {
  const tally = new Tally('apply', names(count), { since: 0 })
  const left = [...names(count)]
  return ends.map(([second, ended]) => {
    for (const host of left.splice(0, ended))
      tally.add({ type: 'host-settled', host, state: 'persisted' }, second * 1000)
    return tally.progress(second * 1000).replace(/^.*persisted,? ?/, '')
  })
}

describe('the pace of a phase', () => {
  it('is hosts a minute, and the time that is left at that', () => {
    expect(pace(100, [6, 20], [12, 0], [15, 30])).toEqual([
      '200/min, 24 s left',
      '100/min, 48 s left',
      '200/min, 15 s left',
    ])
  })

  it('is that of the last minute', () => {
    expect(pace(1000, [10, 500], [60, 60], [80, 60])).toEqual([
      '3000/min, 10 s left',
      '560/min, 47 s left',
      '120/min, 3 min 10 s left',
    ])
  })

  it('is not guessed from a second, from a few hosts, or from none', () => {
    expect(pace(100, [1, 5])).toEqual([''])
    expect(pace(9, [10, 5])).toEqual([''])
    const none = new Tally('apply', hosts, { since: 0 })
    expect(none.progress(600_000)).toBe(`applying: [${' '.repeat(20)}] 0/100`)
  })

  it('names the three that have been at it for longest', () => {
    const tally = new Tally('apply', hosts)
    expect(tally.slowest(0)).toBe('')
    for (const [at, host] of hosts.slice(0, 5).entries())
      tally.add({ type: 'host-step', host, step: 'arming' }, at * 1000)
    tally.add({ type: 'host-step', host: 'web2', step: 'applied' }, 8000)
    tally.add({ type: 'host-settled', host: 'web1', state: 'persisted' }, 9000)
    expect(tally.slowest(10_000)).toBe('slowest: web2 applied (9 s), web3 arming (8 s), web4 arming (7 s)')
  })
})
