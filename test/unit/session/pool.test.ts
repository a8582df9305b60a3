import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { createPool, type PoolOptions } from '../../../src/session/pool.ts'
import type { Session } from '../../../src/session/session.ts'
import { connectionTo } from '../connection.ts'

const session: Session = {
  connectStart: 0,
  run: () => Promise.reject(new Error('not here')),
  close: () => Promise.resolve(),
}
const HOSTS = Array.from({ length: 12 }, (_, index) => `web${index}`)

/** A gate that lets through when told, and counts who stands in it. */
function makeGate() {
  const waiting: (() => void)[] = []
  let most = 0
  return {
    enter: () =>
      new Promise<void>(resolve => {
        waiting.push(resolve)
        most = Math.max(most, waiting.length)
      }),
    async letAllThrough(count: number) {
      for (let through = 0; through < count; ) {
        await new Promise(resolve => setImmediate(resolve))
        through += waiting.length
        for (const resolve of waiting.splice(0)) resolve()
      }
    },
    most: () => most,
  }
}

function pool(changes: Partial<PoolOptions> = {}) {
  const slept: number[] = []
  const options: PoolOptions = {
    hosts: 50,
    starts: 30,
    open: () => Promise.resolve(session),
    sleep: milliseconds => {
      slept.push(milliseconds)
      return Promise.resolve()
    },
    random: () => 0.5,
    ...changes,
  }
  return { ...createPool(options), slept }
}

describe('a pool', () => {
  it('works on so many hosts at once and no more, and keeps their order', async () => {
    const gate = makeGate()
    const work = pool({ hosts: 4 }).each(HOSTS, async host => {
      await gate.enter()
      if (host === 'web3') throw new Error(host)
      return host
    })
    await gate.letAllThrough(HOSTS.length)
    const results = await work
    expect(gate.most()).toBe(4)
    expect(results.map(({ status }) => status).indexOf('rejected')).toBe(3)
    expect(results[11]).toEqual({ status: 'fulfilled', value: 'web11' })
  })

  it('opens so many connections at once and no more', async () => {
    const gate = makeGate()
    const { each, connector } = pool({ starts: 3, open: () => gate.enter().then(() => session) })
    const work = each(HOSTS, host => connector(connectionTo(host))())
    await gate.letAllThrough(HOSTS.length)
    expect((await work).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(gate.most()).toBe(3)
  })

  it('has one that all others wait for pass them by', async () => {
    const gate = makeGate()
    const opened: string[] = []
    const { connector, ahead } = pool({
      starts: 1,
      open: ({ host }) => {
        opened.push(host)
        return host === 'proof' ? Promise.resolve(session) : gate.enter().then(() => session)
      },
    })
    const others = ['web0', 'web1'].map(host => connector(connectionTo(host))())
    await expect(ahead(connectionTo('proof'))()).resolves.toBe(session)
    expect(opened.toSorted()).toEqual(['proof', 'web0'])
    await gate.letAllThrough(2)
    await Promise.all(others)
  })

  it('tries again, later and later, when a connection broke off before login', async () => {
    let tries = 0
    const { connector, slept } = pool({
      open: () => Promise.reject(new FleetError('handshake-lost', { try: ++tries })),
    })
    await expect(connector(connectionTo('web1'))()).rejects.toThrow('{"try":3}')
    expect(slept).toEqual([750, 1500])
  })

  it.each(['auth-refused', 'connect-refused', 'host-key-changed', 'connect-timeout'])(
    'never tries again after %s',
    async code => {
      let tries = 0
      const { connector } = pool({
        open: () => {
          tries += 1
          return Promise.reject(new FleetError(code))
        },
      })
      await expect(connector(connectionTo('web1'))()).rejects.toThrow(code)
      expect(tries).toBe(1)
    },
  )

  it('holds no place in the queue while it waits for the next try', async () => {
    const opened: string[] = []
    const { each, connector } = pool({
      starts: 1,
      open: ({ host }) => {
        opened.push(host)
        const first = opened.filter(name => name === host).length === 1
        return first && host === 'web0'
          ? Promise.reject(new FleetError('handshake-lost'))
          : Promise.resolve(session)
      },
      sleep: () => new Promise(resolve => setImmediate(resolve)),
    })
    await each(['web0', 'web1', 'web2'], host => connector(connectionTo(host))())
    expect(opened).toEqual(['web0', 'web1', 'web2', 'web0'])
  })

  it('starts nothing more once it is stopped, and says so', async () => {
    const stop = new AbortController()
    const started: string[] = []
    const results = await pool({ hosts: 2, signal: stop.signal }).each(HOSTS, host => {
      started.push(host)
      if (host === 'web2') stop.abort()
      return Promise.resolve(host)
    })
    expect(started).toEqual(expect.arrayContaining(['web0', 'web1', 'web2']))
    expect(started.length).toBeLessThan(5)
    expect(results[11]).toMatchObject({ reason: { code: 'aborted', hostState: 'not started' } })
  })

  it('hands its signal, and the one of the call, to the connection', async () => {
    const call = new AbortController()
    let seen: AbortSignal | undefined
    const { connector } = pool({
      open: (_, signal) => {
        seen = signal
        return Promise.resolve(session)
      },
    })
    await connector(connectionTo('web1'))(call.signal)
    expect(seen?.aborted).toBe(false)
    call.abort()
    expect(seen?.aborted).toBe(true)
    await expect(connector(connectionTo('web1'))(call.signal)).rejects.toThrow('aborted')
  })
})
