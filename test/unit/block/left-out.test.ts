import { describe, expect, it } from 'vitest'
import { fault, World } from './push-world.ts'

describe('what a host leaves out of a block', () => {
  it('is not done where a host leaves something out; all else is blocked there', async () => {
    const refused = [{ address: '203.0.113.0/24', what: 'gateway', covers: '203.0.113.1' }]
    const world = new World({ picky: { send: [{ refused }] } })
    expect(await world.push()).toEqual({ picky: 'refused: block-host-refuses' })
  })

  const old = { address: '203.0.113.0/24', what: 'gateway', covers: '203.0.113.1' }
  const own = { address: '198.51.100.0/24', what: 'resolver', covers: '198.51.100.53' }

  it('is done where a host leaves out only what was in the ledger before, and not where it is asked for', async () => {
    const passing = { refused: [old, own], isPersisted: false, why: 'packages' }
    const world = new World({
      picky: { send: [{ refused: [old] }] },
      mended: { send: [passing] },
      offline: { send: [passing], install: [() => fault('packages-failed')] },
    })
    world.asked = [own.address]
    expect(await world.push()).toEqual({
      picky: 'blocked: block-left-out',
      mended: 'refused: block-host-refuses',
      offline: 'refused: block-host-refuses',
    })
    expect(world.count('mended install')).toBe(1)
  })

  it('names of a host that refuses all first what the command says', async () => {
    const [older, asked] = ['203.0.113.0/24 gateway 203.0.113.1', '198.51.100.0/24 resolver 198.51.100.53']
    const refuses = () => fault('block-refused', { why: 'protected', covers: [older, asked] })
    const world = new World({ picky: { send: [refuses] } })
    world.asked = [own.address]
    await world.push()
    expect(world.events.at(-1)).toMatchObject({ finding: { args: { covers: [asked, older] } } })
  })

  it('says what somebody should know of a host that blocks', async () => {
    const world = new World({
      early: { send: [{ skew: 86_400 }] },
      more: { send: [{ unknown: ['1.1.1.1'] }] },
    })
    expect(await world.push()).toEqual({ early: 'blocked: block-clock', more: 'blocked: block-unknown' })
  })
})
