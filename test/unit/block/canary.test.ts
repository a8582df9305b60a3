import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { down, fault, World } from './push-world.ts'

describe('the host that goes ahead with a block', () => {
  const taken = () => new FleetError('block-taken-back', {}, { hostState: 'reverted' })

  it('stops where two hosts, one after the other, took themselves out', async () => {
    const world = new World({
      first: { connect: [1], send: [taken] },
      second: { connect: [2], send: [taken] },
      third: {},
      down: { connect: [down] },
    })
    expect(await world.push({ giveUpAfter: 0 })).toEqual({
      first: 'reverted: block-taken-back',
      second: 'reverted: block-taken-back',
      third: 'not started: block-not-begun',
      down: 'unreachable: connect-timeout',
    })
    expect(world.count('third send')).toBe(0)
  })

  it('lets a host in again, over what is still open, where a fresh login fails twice', async () => {
    const world = new World({ first: { connect: [1, down] }, second: { connect: [20] }, third: {} })
    expect(await world.push()).toEqual({
      first: 'reverted: block-locked-out',
      second: 'blocked',
      third: 'blocked',
    })
    expect(world.log).toContain('first undone')
    expect(world.count('first connect')).toBe(3)
    expect(world.log.indexOf('first undone')).toBeLessThan(world.log.indexOf('third send'))
  })

  const gone = () => fault('connection-lost')

  it('takes the next one where the first can not be brought back, and nobody else once two could not', async () => {
    const lost = { connect: [1, down], send: [{}, gone] }
    const world = new World({ first: lost, second: { connect: [20] }, third: {} })
    expect(await world.push()).toEqual({
      first: 'unknown: block-locked-out',
      second: 'blocked',
      third: 'blocked',
    })
    const two = new World({ first: lost, second: { ...lost, connect: [2, down] }, third: {} })
    expect(await two.push()).toEqual({
      first: 'unknown: block-locked-out',
      second: 'unknown: block-locked-out',
      third: 'not started: block-not-begun',
    })
    expect(two.count('third send')).toBe(0)
  })

  it('has nobody wait for a first host that never answers what is to bring it back', async () => {
    const silent = () => fault('exec-timeout')
    const world = new World({
      first: { connect: [1, down], send: [{}, silent], undoing: 120_000 },
      next: {},
      last: {},
    })
    expect(await world.push()).toEqual({
      first: 'unknown: block-locked-out',
      next: 'blocked',
      last: 'blocked',
    })
    expect(world.protectedAfter('last')).toBeLessThan(3000)
  })

  it('risks no other host where there is nothing to bring the first one back with', async () => {
    const world = new World({ first: { connect: [1, down] }, second: { connect: [20] } })
    world.isUndoable = false
    expect(await world.push()).toEqual({
      first: 'unknown: block-locked-out',
      second: 'not started: block-not-begun',
    })
    expect(world.count('second send')).toBe(0)
  })

  it('takes the next one first, where the first leaves out what it is asked for', async () => {
    const refused = [{ address: '203.0.113.9', what: 'client', covers: '203.0.113.9' }]
    const world = new World({ apart: { connect: [1], send: [{ lacked: 0, refused }] }, next: {}, last: {} })
    world.asked = ['203.0.113.9']
    expect(await world.push()).toEqual({
      apart: 'refused: block-host-refuses',
      next: 'blocked',
      last: 'blocked',
    })
    expect(world.count('apart check')).toBe(0)
    expect(world.log.indexOf('next check')).toBeLessThan(world.log.indexOf('last send'))
  })

  it('forgives a fresh login that failed once', async () => {
    const world = new World({ first: { connect: [1, down, 1] } })
    expect(await world.push()).toEqual({ first: 'blocked' })
  })

  it.each([
    ['refuses', { send: [() => fault('block-unloadable')] }, 'refused: block-unloadable'],
    ['is another after a moment', { check: [{ hook: 'missing' as const }] }, 'failed: block-not-standing'],
    ['has sets that somebody changes', { check: [{ areSetsRight: false }] }, 'failed: block-not-standing'],
  ])('takes the next one first, where the first host %s', async (_, script, what) => {
    const world = new World({ odd: { connect: [1], ...script }, next: {}, last: {} })
    expect(await world.push()).toEqual({ odd: what, next: 'blocked', last: 'blocked' })
    expect(world.count('next check')).toBe(1)
  })

  it('looks a second time, where another block may be at work on the first host', async () => {
    const world = new World({ busy: { connect: [1], check: [{ areSetsRight: false }, {}] }, next: {} })
    expect(await world.push()).toEqual({ busy: 'blocked', next: 'blocked' })
  })

  it('begins with another beside one that takes more than three seconds', async () => {
    const world = new World({ slow: { connect: [1], takes: 60_000 }, next: {}, last: {} })
    expect(await world.push()).toEqual({ slow: 'blocked', next: 'blocked', last: 'blocked' })
    expect(world.protectedAfter('last')).toBeGreaterThan(3000)
    expect(world.protectedAfter('last')).toBeLessThan(4000)
  })

  it('is in doubt about the first for twenty seconds, and then begins with another beside it', async () => {
    const world = new World({ doubtful: { connect: [1, 150_000, 150_000] }, next: {}, last: {} })
    expect(await world.push()).toEqual({ doubtful: 'blocked', next: 'blocked', last: 'blocked' })
    expect(world.protectedAfter('last')).toBeGreaterThan(20_000)
    expect(world.protectedAfter('last')).toBeLessThan(21_000)
  })

  it('begins with no other while it is in doubt whether the first can still be reached', async () => {
    const world = new World({ doubtful: { connect: [1, 9000] }, next: {}, last: {} })
    expect(await world.push()).toEqual({ doubtful: 'blocked', next: 'blocked', last: 'blocked' })
    expect(world.log.indexOf('doubtful check')).toBeLessThan(world.log.indexOf('next send'))
  })

  it.each([
    ['comes while it lasts', { doubtful: { connect: [1, 9000] }, last: { connect: [5000] } }],
    [
      'waits while the one before it gives up',
      {
        slow: { connect: [1], takes: 5000, send: [() => fault('block-unloadable')] },
        doubtful: { connect: [10, 9000] },
        last: { connect: [20] },
      },
    ],
  ])('nor with one that %s', async (_, scripts) => {
    const world = new World(scripts)
    expect(await world.push()).toMatchObject({ doubtful: 'blocked', last: 'blocked' })
    expect(world.log.indexOf('doubtful check')).toBeLessThan(world.log.indexOf('last send'))
  })
})
