import { describe, expect, it } from 'vitest'
import type { BlockLine } from '../../../src/model/block.ts'
import { aHost, block, members, now, word } from './blocking.ts'

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
    const lifted = many.map(line => ({ ...line, at: line.at + 1, state: 'lifted' as const }))
    expect(await block(host, lifted)).toMatchObject({ entries: rest.length, lacked: many.length })
    expect(await members(host)).toHaveLength(rest.length + 1)
  })
})
