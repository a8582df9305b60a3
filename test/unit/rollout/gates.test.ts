import { createServer, type RequestListener } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { findFailedBefore } from '../../../src/rollout/gates/failed-before.ts'
import { askHttp, askPrometheus, askTcp } from '../../../src/rollout/gates/from-here.ts'
import { fail, type Gate, inconclusive, pass, type Reading } from '../../../src/rollout/gates/gate.ts'
import { HostGates } from '../../../src/rollout/gates/host-gates.ts'

/** A server on loopback for a test; its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

const answering = (status: number, body = '') =>
  serve((_, response) => {
    response.writeHead(status, { location: 'http://192.0.2.1/' }).end(body)
  })

describe('asked from here', () => {
  it('a port answers or does not', async () => {
    const port = await answering(200)
    expect(await askTcp('127.0.0.1', port, 2000)).toEqual(pass)
    expect(await askTcp('127.0.0.1', 1, 2000)).toMatchObject({
      is: 'fail',
      detail: expect.stringContaining('REFUSED'),
    })
  })

  it.each([
    [200, 'pass'],
    [302, 'pass'],
    [404, 'fail'],
    [503, 'fail'],
  ])('a page that answers %i: %s', async (status, is) => {
    expect((await askHttp(`http://127.0.0.1:${await answering(status)}/`, 2000)).is).toBe(is)
  })

  it('a page that nobody serves, or that never comes, fails', async () => {
    expect(await askHttp('http://127.0.0.1:1/', 2000)).toMatchObject({
      is: 'fail',
      detail: expect.stringContaining('REFUSED'),
    })
    const silent = await serve(() => undefined)
    expect(await askHttp(`http://127.0.0.1:${silent}/`, 200)).toEqual(fail('no answer within 0.2 s'))
  })

  it('a page is asked for over a connection of its own each time: an old one passes through ESTABLISHED', async () => {
    const callers = new Set<number | undefined>()
    const port = await serve((request, response) => {
      callers.add(request.socket.remotePort)
      response.end('well')
    })
    for (let time = 0; time < 3; time += 1)
      expect(await askHttp(`http://127.0.0.1:${port}/`, 2000)).toEqual(pass)
    expect(callers.size).toBe(3)
  })

  const vector = (...values: readonly string[]) =>
    JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: values.map(value => ({ metric: {}, value: [1, value] })) },
    })

  it.each([
    [vector('1', '3'), 'pass'],
    [vector('1', '0'), 'fail'],
    [vector(), 'inconclusive'],
    [vector('NaN'), 'inconclusive'],
    ['{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}', 'pass'],
    ['<html>', 'inconclusive'],
  ])('a query that gives %s: %s', async (body, is) => {
    const port = await answering(200, body)
    expect((await askPrometheus(`http://127.0.0.1:${port}/`, 'up > bool 0', 2000)).is).toBe(is)
  })

  it('a query that nobody answers says nothing', async () => {
    expect((await askPrometheus('http://127.0.0.1:1', 'up', 2000)).is).toBe('inconclusive')
    expect((await askPrometheus(`http://127.0.0.1:${await answering(500)}`, 'up', 2000)).is).toBe(
      'inconclusive',
    )
  })
})

describe('the gates of a host', () => {
  const GATES: readonly Gate[] = [{ tcp: 1 }, { tcp: 2 }, { tcp: 3 }]

  /** Each gate reads what stands for its port, at that time. */
  function gates(...times: readonly (readonly Reading[])[]) {
    const events: Event[] = []
    let time = 0
    const asked: number[] = []
    const ask = (gate: Gate): Promise<Reading> => {
      const port = 'tcp' in gate ? gate.tcp : 0
      asked.push(port)
      return Promise.resolve(times[time]?.[port - 1] ?? pass)
    }
    const own = new HostGates('h', GATES, ask, event => void events.push(event))
    const next = async () => {
      asked.length = 0
      time += 1
      return { ...(await own.after('stage')), asked: [...asked] }
    }
    return { first: () => own.before(), next, events }
  }

  it('must pass where they passed before, and only there', async () => {
    const { first, next, events } = gates([pass, fail('503'), pass], [pass, pass, fail('refused')])
    await first()
    expect(events).toContainEqual({
      type: 'host-gate',
      host: 'h',
      gate: 'tcp 2',
      when: 'before',
      ...fail('503'),
    })
    const { failed, asked } = await next()
    expect(asked).toEqual([1, 3])
    expect(failed).toMatchObject({ code: 'gate-fail', args: { gate: 'tcp 3', detail: 'refused', host: 'h' } })
  })

  it('that could not be read before count: nobody knows that they failed', async () => {
    const { first, next } = gates([inconclusive('?'), pass, pass], [fail('x'), pass, pass])
    await first()
    expect((await next()).failed).toMatchObject({ args: { gate: 'tcp 1' } })
  })

  it('say what they cannot say', async () => {
    const { first, next } = gates([pass, pass, pass], [inconclusive('lost'), pass, pass])
    await first()
    expect(await next()).toMatchObject({
      inconclusive: { code: 'gate-inconclusive', args: { detail: 'lost' } },
    })
  })
})

describe('gates that failed before the change', () => {
  const asked = (gate: string, host: string, is: Reading['is'], when: 'before' | 'applied' = 'before') =>
    ({ type: 'host-gate', gate, host, when, is, detail: `${host} ${is}` }) as const
  const notes = (...events: readonly Event[]) => findFailedBefore(events).map(({ args }) => args)

  it('are told of once each, with their hosts', () => {
    const found = notes(
      asked('tcp 1', 'a', 'fail'),
      asked('tcp 1', 'b', 'pass'),
      asked('tcp 1', 'c', 'fail'),
      asked('tcp 2', 'a', 'inconclusive'),
      asked('tcp 3', 'a', 'fail', 'applied'),
      asked('prometheus up', '', 'fail'),
    )
    expect(found).toEqual([
      { gate: 'tcp 1', hosts: ['a', 'c'], detail: 'a fail' },
      { gate: 'prometheus up', hosts: [], detail: ' fail' },
    ])
  })

  it('count where they passed when the host was tried again', () => {
    expect(notes(asked('tcp 1', 'a', 'fail'), asked('tcp 1', 'a', 'pass'))).toEqual([])
  })
})
