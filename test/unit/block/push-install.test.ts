import { describe, expect, it } from 'vitest'
import { fault, World } from './push-world.ts'

describe('what a host lacks for a block', () => {
  it('installs what a host lacks, once, and what makes the block last', async () => {
    const lacks = () => fault('block-refused', { why: 'lacks' })
    const passing = { isPersisted: false, why: 'packages' }
    const world = new World({
      bare: { send: [lacks, passing] },
      hopeless: { send: [lacks] },
      offline: { send: [passing], install: [() => fault('packages-failed')] },
      stale: { send: [{ isPersisted: false, why: 'stale-rules' }] },
      up: { connect: [1] },
    })
    expect(await world.push()).toEqual({
      bare: 'blocked',
      hopeless: 'refused: block-refused',
      offline: 'blocked, not persisted: packages-failed',
      stale: 'blocked, not persisted: block-not-persisted',
      up: 'blocked',
    })
    expect(world.count('hopeless install')).toBe(1)
    expect(world.count('stale install')).toBe(0)
  })

  it('is sent again to a host that was booted before its packages were there', async () => {
    const passing = { isPersisted: false, why: 'packages' }
    const world = new World({
      booted: { send: [passing, {}], check: [{}, { hook: 'missing' }] },
      hopeless: { connect: [20], send: [passing], check: [{ areSetsRight: false }] },
    })
    expect(await world.push()).toEqual({ booted: 'blocked', hopeless: 'failed: block-not-standing' })
    expect(world.count('booted send')).toBe(2)
  })

  it('protects all others before it installs anything, where the places are few', async () => {
    const lacks = () => fault('block-refused', { why: 'lacks' })
    const world = new World({ up: { connect: [1] }, bare: { send: [lacks, {}] }, later: {}, last: {} })
    await world.push({ atOnce: 1 })
    expect(world.log.indexOf('bare install')).toBeLessThan(world.log.lastIndexOf('bare send'))
    expect(world.log.lastIndexOf('last send')).toBeLessThan(world.log.lastIndexOf('bare send'))
  })
})
