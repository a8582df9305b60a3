import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aggregate, contains, overlaps } from '../../../src/address/aggregate.ts'
import { familyOf, parseNetworks } from '../../../src/address/network.ts'

describe('parseNetworks', () => {
  it.each([
    ['192.0.2.1', 4, ['192.0.2.1/32']],
    ['192.0.2.77/24', 4, ['192.0.2.0/24']],
    ['10.1.2.3/255.255.0.0', 4, ['10.1.0.0/16']],
    ['0.0.0.0/0', 4, ['0.0.0.0/0']],
    ['2001:DB8:0:0::1', 6, ['2001:db8::1/128']],
    ['2001:db8::ffff/32', 6, ['2001:db8::/32']],
    ['::/0', 6, ['::/0']],
    ['192.0.2.5-192.0.2.9', 4, ['192.0.2.5/32', '192.0.2.6/31', '192.0.2.8/31']],
    ['192.0.2.5 - 192.0.2.5', 4, ['192.0.2.5/32']],
    ['0.0.0.0-255.255.255.255', 4, ['0.0.0.0/0']],
    ['2001:db8::-2001:db8::ffff', 6, ['2001:db8::/112']],
    ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6, ['::/0']],
  ])('reads %s', (text, family, cidrs) => {
    expect(parseNetworks(text)).toEqual({ family, cidrs })
  })

  it.each([
    ['10.0.0.0/33', 'prefix'],
    ['10.0.0.0/', 'prefix'],
    ['10.0.0.0/08', 'prefix'],
    ['10.0.0.0/255.0.255.0', 'prefix'],
    ['::1/129', 'prefix'],
    ['::/255.0.0.0', 'prefix'],
    ['10.0.0.0/8/8', 'digits'],
    ['10.0.0.256', 'digits'],
    ['010.0.0.1', 'digits'],
    ['10.0.0', 'digits'],
    ['', 'form'],
    [' 10.0.0.1', 'form'],
    ['fe80::1%eth0', 'zone'],
    ['web1.example.org', 'name'],
    ['my-host', 'name'],
    ['10.0.0.9-10.0.0.1', 'backwards'],
    ['10.0.0.1-::1', 'families'],
    ['10.0.0.1-5', 'digits'],
    ['10.0.0.1-10.0.0.2-10.0.0.3', 'digits'],
  ])('refuses %s (%s)', (text, why) => {
    expect(() => parseNetworks(text)).toThrow(
      expect.objectContaining({ code: 'address-invalid', args: { text, why } }),
    )
  })

  it('splits any IPv4 range exactly, in the fewest pieces', () => {
    const small = fc.nat(4095)
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const { cidrs } = parseNetworks(`${address(from)}-${address(to)}`)
        expect(cidrs.flatMap(members)).toEqual(Array.from({ length: to - from + 1 }, (_, i) => from + i))
        expect(aggregate(cidrs)).toHaveLength(cidrs.length)
      }),
    )
  })
})

describe('familyOf', () => {
  it('knows bare addresses and nothing else', () => {
    expect(['10.0.0.1', '::1', '10.0.0.0/8', 'web1', 'fe80::1%eth0', ''].map(familyOf)).toEqual([
      4,
      6,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('aggregate', () => {
  it('merges neighbours, drops what is covered, keeps families apart', () => {
    expect(
      aggregate(['2001:db8:1::/48', '10.0.0.128/25', '10.0.0.0/25', '10.0.0.7', '2001:db8::/48']),
    ).toEqual(['10.0.0.0/24', '2001:db8::/47'])
  })

  it('covers exactly what it was given', () => {
    const cidr = fc.tuple(fc.nat(4095), fc.integer({ min: 22, max: 32 }))
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 20 }), list => {
        const given = list.map(([at, prefix]) => `${address(at)}/${prefix}`)
        const before = new Set(given.flatMap(text => parseNetworks(text).cidrs).flatMap(members))
        const after = aggregate(given).flatMap(members)
        expect(after).toEqual([...before].sort((a, b) => a - b))
      }),
    )
  })

  it('refuses what cidr-tools would take', () => {
    expect(() => aggregate(['10.0.0.0/64'])).toThrow(expect.objectContaining({ code: 'address-invalid' }))
  })
})

describe('contains and overlaps', () => {
  it('compare networks of one family', () => {
    expect(contains('10.0.0.0/8', '10.200.0.1')).toBe(true)
    expect(contains('10.0.0.0/8', '11.0.0.1')).toBe(false)
    expect(contains('10.0.0.5-10.0.0.9', '10.0.0.8/31')).toBe(true)
    expect(contains('10.0.0.5-10.0.0.8', '10.0.0.8/31')).toBe(false)
    expect(contains('0.0.0.0/0', '::1')).toBe(false)
    expect(overlaps('10.0.0.0/8', '10.9.0.0/16')).toBe(true)
    expect(overlaps('10.0.0.0/16', '10.1.0.0/16')).toBe(false)
    expect(overlaps('::/0', '10.0.0.1')).toBe(false)
  })
})

const address = (offset: number) => `10.0.${offset >> 8}.${offset & 255}`

/** The offsets from 10.0.0.0 of every address in a CIDR. */
function members(cidr: string): number[] {
  const [from = '', prefix] = cidr.split('/')
  const parts = from.split('.').map(Number)
  const start = (parts[2] ?? 0) * 256 + (parts[3] ?? 0)
  return Array.from({ length: 2 ** (32 - Number(prefix)) }, (_, i) => start + i)
}
