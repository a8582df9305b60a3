import { describe, expect, it } from 'vitest'
import { endOf } from '../../../src/block/moment.ts'
import { readAddress, readList, settleNamed } from '../../../src/block/words.ts'
import { FleetError, FleetErrors } from '../../../src/model/error.ts'
import { say } from '../../../src/report/say.ts'

const mistake = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    if (error instanceof FleetError) return error.finding
    if (error instanceof FleetErrors) return error.findings
    throw error
  }
  throw new Error('it was taken')
}

describe('an address that somebody types', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9/32', '203.0.113.9'],
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['192.0.2.5-192.0.2.99', '192.0.2.5-192.0.2.99'],
    ['192.0.2.0-192.0.2.255', '192.0.2.0/24'],
    ['192.0.2.7-192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['2001:db8::1/128', '2001:db8::1'],
    ['2001:db8::1-2001:db8::0:3', '2001:db8::1-2001:db8::3'],
  ])('%s is %s', (text, address) => expect(readAddress(text).address).toBe(address))

  it('tells what else was typed, where a network has more addresses than it seems', () => {
    expect(readAddress('203.0.113.9/24')).toEqual({ address: '203.0.113.0/24', typed: '203.0.113.9/24' })
    expect(readAddress('2001:DB8::/32')).toEqual({ address: '2001:db8::/32' })
  })

  it('is the IPv4 address that stands in the packets, where a daemon has logged it as IPv6', () => {
    expect(readAddress('::ffff:203.0.113.9').address).toBe('203.0.113.9')
    expect(readAddress('::FFFF:203.0.113.0/120').address).toBe('203.0.113.0/24')
    expect(readAddress('::ffff:cb00:7109').address).toBe('203.0.113.9')
    expect(readAddress('0:0:0:0:0:ffff:203.0.113.9').address).toBe('203.0.113.9')
    expect(readAddress('::ffff:203.0.113.5-::ffff:cb00:7109').address).toBe('203.0.113.5-203.0.113.9')
    expect(readAddress('::ffff:0:0/96').address).toBe('0.0.0.0/0')
    expect(readAddress('::fffe:cb00:7109').address).toBe('::fffe:cb00:7109')
  })

  it.each([
    ['203.0.113', 'short', '203.0.113.0/24'],
    ['300.0', 'short', null],
    ['203.0.113.9:443', 'port', '203.0.113.9'],
    ['[2001:db8::1]:22', 'port', '2001:db8::1'],
    ['[2001:db8::1]', 'brackets', '2001:db8::1'],
    ['192.0.2.5-99', 'range-end', '192.0.2.5-192.0.2.99'],
    ['203.0.113.256', 'digits', null],
    ['203.0.113.9.1', 'long', null],
    ['203.0.113.0/33', 'prefix', null],
    ['192.0.2.9-192.0.2.1', 'backwards', null],
    ['192.0.2.9-2001:db8::1', 'families', null],
    ['https://evil.example/', 'url', null],
    ['evil.example', 'name', null],
    ['fe80::1%eth0', 'zone', null],
  ])('%s is refused: %s', (text, why, meant) => {
    expect(mistake(() => readAddress(text))).toMatchObject({
      code: 'block-address',
      args: { text, why, meant },
    })
  })

  it('is refused in words that lead on', () => {
    const said = say({
      code: 'block-address',
      severity: 'error',
      args: { text: '1.2.3.4:22', why: 'port', meant: '1.2.3.4' },
    })
    expect(said).toBe(
      '"1.2.3.4:22" is not an address: a block has no port, it keeps an address out of all of them. Did you mean 1.2.3.4?',
    )
  })
})

describe('a list of addresses', () => {
  it('takes comments, blanks, several a line, and what Windows and Spamhaus write', () => {
    const text =
      '\uFEFF# bad ones\r\n1.10.16.0/20 ; SBL256894\r\n\r\n203.0.113.9, 203.0.113.10 # two\n192.0.2.5 - 192.0.2.6'
    expect(readList(text, 'bad.txt').map(({ address }) => address)).toEqual([
      '1.10.16.0/20',
      '203.0.113.9',
      '203.0.113.10',
      '192.0.2.5-192.0.2.6',
    ])
  })

  it('tells each mistake with its line, and no more than somebody reads', () => {
    const found = mistake(() => readList('1.2.3.4\nnonsense\n1.2.3\n', 'bad.txt'))
    expect(found).toMatchObject([
      { code: 'block-address', at: { file: 'bad.txt', line: 2 } },
      { code: 'block-address', at: { file: 'bad.txt', line: 3 } },
    ])
    const many = mistake(() => readList('hello\n'.repeat(50), 'names.txt'))
    expect(many).toHaveLength(11)
    expect(many).toMatchObject({ 10: { code: 'list-more', args: { more: 40 } } })
    const page = mistake(() => readList('<p>hello</p>\n'.repeat(50), 'page.html'))
    expect(page).toMatchObject([{ code: 'list-page', at: { file: 'page.html', line: 1 } }])
  })

  it('of no address is a mistake: nothing would be blocked, and somebody would think so', () => {
    expect(mistake(() => readList('# nothing\n\n', 'bad.txt'))).toMatchObject({ code: 'block-list-empty' })
  })

  it('is aggregated where it is long, to exactly its addresses; a short one stays as it was typed', () => {
    const pair = [{ address: '203.0.113.8' }, { address: '203.0.113.9' }, { address: '203.0.113.9' }]
    expect(settleNamed(pair).map(({ address }) => address)).toEqual(['203.0.113.8', '203.0.113.9'])
    const long = Array.from({ length: 2049 }, (_, at) => ({ address: `10.0.${at >> 8}.${at & 255}` }))
    expect(settleNamed(long).map(({ address }) => address)).toEqual(['10.0.0.0/21', '10.0.8.0'])
  })
})

describe('when a block ends', () => {
  const now = Date.parse('2026-11-22T18:20:00Z')
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['24h', 86_400],
    ['1d12h', 129_600],
    ['2w', 1_209_600],
  ])('--for %s', (text, seconds) => expect(endOf({ for: text }, now)).toBe(now / 1000 + seconds))

  it('never, where nothing is said', () => expect(endOf({}, now)).toBe(0))

  it.each([
    ['2026-11-23T18:20:00Z', '2026-11-23T18:20:00Z'],
    ['2026-11-23T18:20+01:00', '2026-11-23T17:20:00Z'],
    ['2026-11-23 18:20 +0100', '2026-11-23T17:20:00Z'],
  ])('--until %s', (text, iso) => expect(endOf({ until: text }, now)).toBe(Date.parse(iso) / 1000))

  it('is the next time of a clock', () => {
    const end = endOf({ until: '04:30' }, now)
    expect(new Date(end * 1000).getHours() * 60 + new Date(end * 1000).getMinutes()).toBe(270)
    expect(end - now / 1000).toBeGreaterThan(0)
    expect(end - now / 1000).toBeLessThanOrEqual(90_000)
  })

  it.each([
    [{ for: '24' }, 'block-for', 'unit'],
    [{ for: 'tomorrow' }, 'block-for', 'form'],
    [{ for: '24h please' }, 'block-for', 'form'],
    [{ for: '0h' }, 'block-for', 'form'],
    [{ for: '9000w' }, 'block-for', 'long'],
    [{ until: '2026-11-21' }, 'block-until', 'past'],
    [{ until: '2027-02-31' }, 'block-until', 'day'],
    [{ until: '25:00' }, 'block-until', 'form'],
  ])('%j is refused', (given, code, why) => {
    expect(mistake(() => endOf(given, now))).toMatchObject({ code, args: { why } })
  })

  it('is said once', () => {
    expect(mistake(() => endOf({ for: '1h', until: '18:20' }, now))).toMatchObject({ code: 'block-both' })
  })
})
