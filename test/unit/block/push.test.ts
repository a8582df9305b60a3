import pLimit from 'p-limit'
import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { down, World } from './push-world.ts'

describe('a block on many hosts', () => {
  it('goes to the first that answers, and to no other before that can be logged in to afresh', async () => {
    const world = new World({ slow: { connect: [50] }, quick: { connect: [5, 40] }, other: {} })
    expect(await world.push()).toEqual({ slow: 'blocked', quick: 'blocked', other: 'blocked' })
    const proven = world.log.indexOf('quick check')
    expect(world.log.slice(0, proven).filter(line => line.endsWith('send'))).toEqual(['quick send'])
    expect(world.events[0]).toMatchObject({ type: 'block-protected', host: 'quick', protected: 1, hosts: 3 })
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'block-proven', host: 'quick' }))
  })

  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`h${index + 1}`, {}]))

  it('turns to most hosts only once one is protected', async () => {
    const world = new World(many)
    await world.push()
    const connects = world.log.filter(line => line.endsWith('connect'))
    expect(connects.indexOf('h7 connect')).toBeGreaterThan(5)
    expect(world.log.indexOf('h7 connect')).toBeGreaterThan(world.log.indexOf('h1 send'))
    expect(world.events.at(-1)).toMatchObject({ type: 'block-settled' })
    expect(world.clock.now()).toBeLessThan(200)
  })

  it('waits for no other to prove the first one: all of them wait for that', async () => {
    const world = new World(many)
    world.starting = pLimit(1)
    await world.push()
    expect(world.log.slice(0, 4)).toEqual(['h1 connect', 'h1 send', 'h2 connect', 'h1 connect'])
    expect(world.events[1]).toMatchObject({ type: 'block-proven', host: 'h1' })
  })

  it('turns to them all the same where the first ones are down', async () => {
    const dead = { connect: [9000] }
    const world = new World({ ...many, h1: dead, h2: dead, h3: dead, h4: dead, h5: dead, h6: dead })
    await world.push()
    expect(world.events[0]).toMatchObject({ type: 'block-protected', host: 'h7' })
    expect(world.events[0]).toHaveProperty(
      'after',
      expect.toSatisfy((after: number) => after < 1000),
    )
  })

  it('says it again to a host that has heard a later word, before it is said to be so', async () => {
    const later = { later: [{ address: '203.0.113.9', at: 7 }] }
    const world = new World({
      one: { send: [later, {}] },
      two: { connect: [40], send: [later] },
      old: { send: [later] },
    })
    world.insisting = host => host !== 'old'
    expect(await world.push()).toEqual({
      one: 'blocked',
      two: 'failed: block-later',
      old: 'blocked: block-later',
    })
    expect(world.count('one send')).toBe(2)
    expect(world.count('old send')).toBe(1)
  })

  it('asks those that do not answer again, with growing pauses, until it is given up', async () => {
    const world = new World({ up: {}, back: { connect: [down, down, 10] }, down: { connect: [down] } })
    expect(await world.push({ giveUpAfter: 60_000 })).toEqual({
      up: 'blocked',
      back: 'blocked',
      down: 'unreachable: connect-timeout',
    })
    const pauses = world.events.flatMap(event =>
      event.type === 'block-retry' && event.host === 'down' ? Math.round(event.after / 1000) : [],
    )
    expect(pauses).toEqual([1, 2, 4, 8, 15, 15, 15])
  })

  it('asks each once where nobody wants to wait, and never again one that knows its mind', async () => {
    const denied = () => new FleetError('auth-refused', {}, { hostState: 'unreachable' })
    const world = new World({ up: {}, down: { connect: [down] }, denied: { connect: [denied] } })
    expect(await world.push({ giveUpAfter: 0 })).toMatchObject({ down: 'unreachable: connect-timeout' })
    expect(world.count('down connect')).toBe(1)
    const patient = new World({ up: {}, denied: { connect: [denied] } })
    expect(await patient.push()).toMatchObject({ denied: 'unreachable: auth-refused' })
    expect(patient.count('denied connect')).toBe(1)
  })

  it('holds no place while it waits', async () => {
    const world = new World({ down: { connect: [down] }, up: {} })
    expect(await world.push({ atOnce: 1, giveUpAfter: 10_000 })).toMatchObject({ up: 'blocked' })
  })

  it('does not wait for what holds all places before it', async () => {
    const names = Array.from({ length: 10 }, (_, number) => `web${number}`)
    const world = new World(Object.fromEntries(names.map(name => [name, {}])))
    expect(new Set(Object.values(await world.push({ atOnce: 3 })))).toEqual(new Set(['blocked']))
  })

  it('ends at once when it is told to, and names who is left', async () => {
    const world = new World({ up: {}, down: { connect: [down] }, hanging: { connect: [100_000] } })
    const sleeping = world.clock.sleep(5000).then(() => world.stop.abort())
    expect(await world.push()).toEqual({
      up: 'blocked',
      down: 'unreachable: connect-timeout',
      hanging: 'not started: block-stopped',
    })
    await sleeping
    expect(world.clock.now()).toBeLessThan(6000)
  })

  it('never swallows a mistake of its own', async () => {
    const world = new World({ up: {} })
    const broken = { ...world.verbs, send: () => Promise.reject(new TypeError('oops')) }
    Object.defineProperty(world, 'verbs', { value: broken })
    await expect(world.push()).rejects.toThrow('oops')
  })
})
