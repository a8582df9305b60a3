import { describe, expect, it } from 'vitest'
import { checkBlocks, sendBlocks } from '../../../src/host/block.ts'
import type { BlockLine } from '../../../src/model/block.ts'
import type { Run } from '../../../src/session/session.ts'
import { over } from '../program/steps.ts'
import { aHost, block, members, now, order, word } from './blocking.ts'
import { ATTACKER, flood, wire } from './traffic.ts'

const many: readonly BlockLine[] = Array.from({ length: 6000 }, (_, at) =>
  word(
    `100.${64 + (at % 7)}.${at % 256}.${Math.floor(at / 256)}`,
    at % 3 === 0 ? { until: now() + 3600 } : {},
  ),
)
const rest = [
  word('2001:db8::/32'),
  word('100.80.0.0/16', { direction: 'in' }),
  word('203.0.113.9', { direction: 'out' }),
]
const entries = many.length + rest.length

describe.each(['dash', 'busybox'] as const)('a long map (%s)', shell => {
  it('is filled beside what stands, read back, and put right', async () => {
    const host = await aHost({ shell })
    const refused = word('127.0.0.1')
    const answer = await block(host, [...many, ...rest, refused])
    expect(answer).toMatchObject({ entries, lacked: entries, refused: [{ address: '127.0.0.1' }] })
    const whole = await members(host)
    expect(whole).toHaveLength(entries + 1)
    expect(await block(host, [])).toMatchObject({ entries, lacked: 0, isHookMade: false })
    for (const change of [
      'del fleet-block4 100.65.1.0',
      'add fleet-block4 100.90.0.1',
      'del fleet-block6 2001:db8::/32',
      'add fleet-block4 100.66.2.0 timeout 9 -exist',
    ]) {
      await host.must(`ipset ${change}`)
      await block(host, [])
      expect({ change, members: await members(host) }).toEqual({ change, members: whole })
    }
    const later = many.map((line, at) => (at % 2 === 0 ? { ...line, at: line.at + 1, until: 0 } : line))
    const other = word('100.65.1.128')
    expect(await block(host, [...later, other])).toMatchObject({ entries: entries + 1, lacked: 3001 })
    const known = [...later, ...rest].map(line => (line === rest[0] ? { ...line, at: line.at - 1 } : line))
    expect(await block(host, known)).toMatchObject({ lacked: 0, unknown: ['100.65.1.128'], later: [{}] })
    expect(await members(host)).toHaveLength(entries + 2)
    const lifted = later.map(line => ({ ...line, at: line.at + 1, state: 'lifted' as const }))
    expect(await block(host, lifted)).toMatchObject({ entries: rest.length + 1, lacked: many.length })
    expect(await members(host)).toHaveLength(rest.length + 2)
  })

  it('joins what the host has heard before, and is filled with all of it', async () => {
    const host = await aHost({ shell })
    const before = [
      word('100.64.0.0', { at: Date.now() + 5000, direction: 'in' }),
      word('100.64.0.7'),
      word('100.65.1.0', { state: 'lifted', at: Date.now() + 5000 }),
      word('99.0.0.1'),
      word('203.0.113.10', { direction: 'out' }),
    ]
    await block(host, before)
    const answer = await block(host, [...many, ...rest])
    expect(answer).toMatchObject({ entries: entries + 1, lacked: entries - 3 })
    expect(answer.later.map(({ address }) => address)).toEqual(['100.64.0.0', '100.64.0.7', '100.65.1.0'])
    const blocked = await members(host)
    expect(blocked).toHaveLength(entries + 2)
    expect(blocked).toContain('fleet-block4-in 100.64.0.0')
    expect(blocked).not.toContain('fleet-block4 100.65.1.0')
  })

  it('that breaks off leaves nothing behind, and what one that died left is no hindrance', async () => {
    const host = await aHost({ shell })
    await block(host, rest)
    const before = await members(host)
    const seconds: number[] = []
    const broken = over(host, session => {
      const cut = (whole: Run) => {
        const { stdin = '', answer: _, ...run } = whole
        seconds.push(Number(run.args?.at(-1)) - stdin.length / 2000)
        return session.run({ ...run, stdin: stdin.slice(0, stdin.length - 10_000) })
      }
      return sendBlocks({ ...session, run: cut }, order([...many, ...rest]))
    })
    await expect(broken).rejects.toMatchObject({ code: 'block-refused', args: { why: 'order' } })
    expect(seconds, 'to send it in, less what it takes at 16 kbit/s').toEqual([expect.closeTo(120, -1)])
    expect(await members(host)).toEqual(before)
    expect(await host.must('ipset list -n')).not.toContain('-new')
    await host.must('ipset create fleet-block4-new hash:net maxelem 9')
    expect(await block(host, [...many, ...rest])).toMatchObject({ entries, lacked: many.length })
    expect(await members(host)).toHaveLength(entries + 1)
  })

  it('is counted by who sent it, over another login', async () => {
    const host = await aHost({ shell })
    const look = async () => {
      const { hook, areSetsRight } = await over(host, session => checkBlocks(session, now(), 'brief'))
      return { hook, areSetsRight }
    }
    await block(host, [...many, ...rest])
    expect(await look()).toEqual({ hook: 'stands', areSetsRight: true })
    await host.must('ipset del fleet-block4 100.65.1.0')
    expect(await look()).toEqual({ hook: 'stands', areSetsRight: false })
    await host.must('ipset add fleet-block4 100.65.1.0; ipset add fleet-block6 2001:db9::')
    expect(await look()).toEqual({ hook: 'stands', areSetsRight: false })
    await host.must('ipset del fleet-block6 2001:db9::; iptables -t raw -D OUTPUT 1')
    expect(await look()).toEqual({ hook: 'wrong', areSetsRight: true })
    await host.must('iptables -t raw -I OUTPUT -j FLEET-BLOCK')
    await block(host, [word('203.0.113.11')])
    await host.must('ipset del fleet-block4 100.65.1.0; ipset add fleet-block4 100.65.1.1')
    expect(await look()).toEqual({ hook: 'stands', areSetsRight: false })
  })
})

describe.each(['nft', 'legacy'] as const)('what stands (%s)', backend => {
  it('protects at every moment while it is filled anew, and while it is put right', async () => {
    const host = await aHost({ backend })
    await wire(host)
    const attacker = word(ATTACKER[4])
    await block(host, [attacker])
    const { dropped, passed } = await flood(host, 'fleet-block4')
    for (let round = 1; round <= 3; round++) {
      const others = Array.from({ length: 6000 }, (_, at) => word(`45.${round}.${at >> 8}.${at & 255}`))
      const before = await dropped()
      await block(host, [attacker, ...others])
      expect((await dropped()) - before).toBeGreaterThan(0)
    }
    for (const change of [
      'ipset del fleet-block4 45.1.0.0',
      'iptables -t raw -A FLEET-BLOCK -j RETURN',
      'iptables -t raw -A PREROUTING -j FLEET-BLOCK',
    ]) {
      await host.must(change)
      expect({ change, ...(await block(host, [attacker])) }).toMatchObject({ change, hook: 'stands' })
    }
    expect(await passed()).toBe(0)
  })
})
