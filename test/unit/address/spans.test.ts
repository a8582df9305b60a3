import { excludeCidr, normalizeCidr, parseCidr } from 'cidr-tools'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aggregate } from '../../../src/address/aggregate.ts'
import { parseNetworks } from '../../../src/address/network.ts'
import { isNothing, parseSpan, printSpans, shared, spansOf, takeOut } from '../../../src/address/spans.ts'
import { spanOf } from '../../../src/block/span.ts'
import { FleetError } from '../../../src/model/error.ts'

const print = (spans: Parameters<typeof printSpans>[0]) => Object.values(printSpans(spans)).flat()
const plain = (cidr: string) => cidr.replace(cidr.includes(':') ? /\/128$/ : /\/32$/, '')

/** Few bits, so that they meet. */
const four = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 22, max: 32 }))
  .map(([last, length]) => `10.0.${last % 3}.${last}/${length}`)
const six = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 110, max: 128 }))
  .map(([last, length]) => `2001:db8::${last.toString(16)}/${length}`)
const ends = fc.constantFrom('0.0.0.0/0', '255.255.255.255', '0.0.0.0', '::/0', 'ffff::/16', '128.0.0.0/1')
const networks = fc.array(fc.oneof({ weight: 8, arbitrary: fc.oneof(four, six) }, ends), { maxLength: 30 })

describe('spans', () => {
  it.each([
    ['192.0.2.77/24', ['192.0.2.0/24']],
    ['192.0.2.1', ['192.0.2.1']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['255.255.255.255', ['255.255.255.255']],
    ['10.1.2.3/255.255.0.0', ['10.1.0.0/16']],
    ['192.0.2.5-192.0.2.9', ['192.0.2.5', '192.0.2.6/31', '192.0.2.8/31']],
    ['2001:DB8:0::1', ['2001:db8::1']],
    ['2001:db8::1-2001:db8::2', ['2001:db8::1', '2001:db8::2']],
    ['::/0', ['::/0']],
  ])('reads and prints %s', (text, expected) => {
    expect(print(spansOf([text]))).toEqual(expected)
  })

  it.each(['10.0.0.0/33', '10.0.0.0/08', '10.0.0.256', '010.0.0.1', '10.0.0', '', 'example.org', '::1%lo'])(
    'refuses %j',
    text => {
      expect(() => parseSpan(text)).toThrow(FleetError)
    },
  )

  it('reads what parseNetworks reads', () => {
    const any = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), four, six)
    const attempt = (read: () => readonly string[]) => {
      try {
        return read()
      } catch {
        return 'refused'
      }
    }
    fc.assert(
      fc.property(any, text => {
        expect(attempt(() => print(spansOf([text])))).toEqual(
          attempt(() => parseNetworks(text).cidrs.map(plain)),
        )
      }),
    )
  })

  it('reads an IPv6 address without zeros to leave out as any other', () => {
    const number = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.constantFrom(0, 1, 0xffff))
    const group = fc.tuple(number, fc.constantFrom(1, 1, 1, 1, 4))
    const written = fc
      .array(group, { minLength: 8, maxLength: 8 })
      .map(all => all.map(([one, width]) => one.toString(16).padStart(width, '0')).join(':'))
    fc.assert(
      fc.property(written, text => {
        const { start } = parseCidr(text)
        expect(parseNetworks(text)).toEqual({ family: 6, cidrs: [normalizeCidr(`${text}/128`)] })
        expect(parseSpan(text)).toEqual({ family: 6, span: { from: start, to: start + 1n } })
        expect(spanOf(text)).toEqual({ family: 6, start, end: start })
      }),
    )
  })

  it('brings together exactly', () => {
    fc.assert(
      fc.property(networks, list => {
        expect(print(spansOf(list))).toEqual(aggregate(list).map(plain))
      }),
    )
  })

  it('takes out exactly, and finds what is shared', () => {
    fc.assert(
      fc.property(networks, networks, (list, out) => {
        const [all, gone] = [spansOf(list), spansOf(out)]
        const left = takeOut(gone, all)
        expect(print(left)).toEqual(aggregate(excludeCidr(list, out)).map(plain))
        expect(isNothing(shared(left, gone))).toBe(true)
        expect(print(spansOf([...print(left), ...print(shared(all, gone))]))).toEqual(print(all))
      }),
    )
  })

  it('is exact over a hundred thousand', () => {
    const list = Array.from(
      { length: 100_000 },
      (_, at) => `${1 + (at % 199)}.${at % 251}.${at >> 9}.${at % 256}`,
    )
    const all = new Set(list)
    expect(print(spansOf([...list, ...list])).length).toBeLessThanOrEqual(all.size)
    const left = takeOut(spansOf(['10.0.0.0/8', list[7] ?? '']), spansOf(list))
    const size = left[4].reduce((sum, { from, to }) => sum + to - from, 0)
    expect(size).toBe([...all].filter(one => !one.startsWith('10.') && one !== list[7]).length)
  })
})
