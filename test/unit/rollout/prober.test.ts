import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { makeAsk } from '../../../src/rollout/gates/ask-gate.ts'
import { pass } from '../../../src/rollout/gates/gate.ts'
import type { Answer, Session } from '../../../src/session/session.ts'

/* One host that all gates of many are asked from. */

const HOSTS = Array.from({ length: 50 }, (_, at) => `h${at}`)
const GOOD: Answer = { code: 0, stdout: '', stderr: '' }

/** A prober; `connects` and `answers` are told how many came before. */
function prober(connects: (before: number) => void, answers: (before: number) => Answer = () => GOOD) {
  const seen = { opened: 0, opening: 0, mostOpening: 0, closed: 0, runs: 0 }
  const turn = () => new Promise(resolve => setImmediate(resolve))
  const connect = async (): Promise<Session> => {
    const before = seen.opened
    seen.opened += 1
    seen.opening += 1
    seen.mostOpening = Math.max(seen.mostOpening, seen.opening)
    await turn()
    seen.opening -= 1
    connects(before)
    let isBusy = false
    let isBroken = false
    return {
      connectStart: 0,
      run: async () => {
        expect(isBusy, 'one exec at a time').toBe(false)
        isBusy = true
        const run = seen.runs
        seen.runs += 1
        await turn()
        isBusy = false
        if (isBroken) throw lost('unreachable')
        isBroken = true
        const answer = answers(run)
        isBroken = false
        return answer
      },
      close: async () => {
        seen.closed += 1
      },
    }
  }
  const ask = makeAsk({ addressOf: host => host, connectTo: () => connect, fill: text => text })
  const askAll = () => Promise.all(HOSTS.map(host => ask({ tcp: 443, from: 'probe' }, host)))
  return { seen, askAll }
}

const lost = (hostState: 'unknown' | 'unreachable') => new FleetError('connection-lost', {}, { hostState })

describe('a prober of many hosts', () => {
  it('is not met with more connections at once than its sshd takes, and none stays', async () => {
    const { seen, askAll } = prober(() => undefined)
    expect(await askAll()).toEqual(HOSTS.map(() => pass))
    expect(seen).toMatchObject({ runs: 50, mostOpening: 8 })
    expect(seen.opened, 'they are used again').toBeLessThan(40)
    expect(seen.closed).toBe(seen.opened)
    await askAll()
    expect(seen.closed).toBe(seen.opened)
  })

  it('that cannot be reached is given up once for all who wait', async () => {
    const { seen, askAll } = prober(() => {
      throw lost('unreachable')
    })
    expect(new Set((await askAll()).map(({ is }) => is))).toEqual(new Set(['inconclusive']))
    expect(seen.opened).toBe(8)
  })

  it('that drops a connection is asked over others', async () => {
    const { askAll } = prober(before => {
      if (before > 0) throw lost('unreachable')
    })
    expect(await askAll()).toEqual(HOSTS.map(() => pass))
  })

  it('is not asked over a connection that broke', async () => {
    const { seen, askAll } = prober(
      () => undefined,
      before => {
        if (before % 2 === 0) throw lost('unknown')
        return GOOD
      },
    )
    const readings = await askAll()
    expect(readings.filter(({ is }) => is === 'inconclusive')).toHaveLength(25)
    expect(seen.closed).toBe(seen.opened)
  })
})
