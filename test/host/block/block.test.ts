import { describe, expect, it } from 'vitest'
import { sendBlocks } from '../../../src/host/block.ts'
import { hashBlocks, mergeBlocks } from '../../../src/model/block.ts'
import type { Run } from '../../../src/session/session.ts'
import { aHost, block, members, now, order, raw, word } from './blocking.ts'

const chain = (family: 4 | 6) =>
  [
    `fleet-block${family} src -m set ! --match-set fleet-allow${family} src -m addrtype ! --src-type LOCAL`,
    `fleet-block${family} dst -m set ! --match-set fleet-allow${family} dst -m addrtype ! --dst-type LOCAL`,
    `fleet-block${family}-in src -m set ! --match-set fleet-allow${family} src -m addrtype ! --src-type LOCAL`,
    `fleet-block${family}-out dst -m set ! --match-set fleet-allow${family} dst -m addrtype ! --dst-type LOCAL`,
    `fleet-feeds${family} src -m set ! --match-set fleet-allow${family} src -m addrtype ! --src-type LOCAL`,
    `fleet-feeds${family} dst -m set ! --match-set fleet-allow${family} dst -m addrtype ! --dst-type LOCAL`,
  ]
    .map(set => `-A FLEET-BLOCK -m set --match-set ${set} -j DROP\n`)
    .join('')
const table = (family: 4 | 6) =>
  `*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:FLEET-BLOCK -\n-A PREROUTING -j FLEET-BLOCK\n-A OUTPUT -j FLEET-BLOCK\n${chain(family)}COMMIT\n`

describe.each([
  ['nft', 'dash'],
  ['legacy', 'busybox'],
  ['nft', 'bash'],
] as const)('a block on a host with %s and %s', (backend, shell) => {
  it('stands first in raw, in both families, with what expires and what does not', async () => {
    const host = await aHost({ backend, shell })
    const lines = [
      word('203.0.113.9', { until: now() + 3600 }),
      word('100.64.1.0/24', { direction: 'in' }),
      word('2001:db8::/32', { direction: 'out', until: now() + 600 }),
    ]
    const answer = await block(host, lines, { allow: ['192.0.2.0/24', '2001:db8:1::/48'] })
    expect(answer).toMatchObject({ entries: 3, isHookMade: true, lacked: 3, refused: [], unknown: [] })
    expect(answer.hash).toBe(hashBlocks(mergeBlocks([lines], now())))
    expect(await raw(host)).toBe(table(4) + table(6))
    expect(await members(host)).toEqual([
      'fleet-allow4 192.0.2.0/24',
      'fleet-allow4 198.51.100.7',
      'fleet-allow6 2001:db8:1::/48',
      'fleet-block4 203.0.113.9 60 min',
      'fleet-block4-in 100.64.1.0/24',
      'fleet-block6-out 2001:db8::/32 10 min',
    ])
  })
})

describe('a block', () => {
  it('that comes again changes nothing, and one more address changes just that', async () => {
    const host = await aHost()
    const first = word('203.0.113.9', { until: now() + 3600 })
    await block(host, [first])
    expect(await block(host, [first])).toMatchObject({ isHookMade: false, lacked: 0, entries: 1 })
    const second = word('203.0.113.10')
    const answer = await block(host, [second])
    expect(answer).toMatchObject({ isHookMade: false, lacked: 1, entries: 2, unknown: ['203.0.113.9'] })
    expect(answer.hash).toBe(hashBlocks(mergeBlocks([[first, second]], now())))
    expect(await members(host)).toEqual([
      'fleet-allow4 198.51.100.7',
      'fleet-block4 203.0.113.10',
      'fleet-block4 203.0.113.9 60 min',
    ])
  })

  it('tells on which lines it has heard a later word that means something else', async () => {
    const host = await aHost()
    const at = Date.now()
    const longer = word('203.0.113.10', { at })
    await block(host, [
      word('203.0.113.9', { at, state: 'lifted' }),
      longer,
      word('203.0.113.11', { at, state: 'lifted' }),
    ])
    const { later } = await block(host, [
      word('203.0.113.9', { at: at - 1 }),
      word('203.0.113.10', { at: at - 1, until: now() + 60 }),
      word('203.0.113.11', { at: at - 1, state: 'lifted' }),
    ])
    expect(later).toEqual(['203.0.113.10', '203.0.113.9'].map(address => ({ address, at })))
    const again = await block(host, [word('203.0.113.9', { at: at + 1 }), longer])
    expect(again).toMatchObject({ later: [], entries: 2 })
  })

  it('is lifted by a later word alone, and an older copy never brings it back', async () => {
    const host = await aHost()
    const blocked = word('203.0.113.9', { at: 1000 })
    await block(host, [blocked])
    const lifted = word('203.0.113.9', { at: Date.now(), state: 'lifted' })
    expect(await block(host, [lifted])).toMatchObject({ entries: 0 })
    expect(await block(host, [blocked])).toMatchObject({ entries: 0, lacked: 0 })
    expect(await members(host)).toEqual(['fleet-allow4 198.51.100.7'])
  })

  it('that nobody answers is taken out again', async () => {
    const host = await aHost()
    const session = await host.connect()
    const deaf = { ...session, run: (run: Run) => session.run({ ...run, ...without(run) }) }
    await expect(sendBlocks(deaf, order([word('203.0.113.9')]))).rejects.toMatchObject({
      code: 'block-taken-back',
    })
    expect(await raw(host)).not.toContain('-j FLEET-BLOCK')
    await session.close()
    expect(await block(host, [word('203.0.113.9')])).toMatchObject({ isHookMade: true, entries: 1 })
  })
})

/** Standard input that ends: the controller is gone. */
const without = ({ answer }: Run): Partial<Run> =>
  answer ? { answer: { to: answer.to, with: '', heard: () => {} } } : {}
