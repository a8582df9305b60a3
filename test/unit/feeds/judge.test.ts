import { describe, expect, it } from 'vitest'
import { printSpans } from '../../../src/address/spans.ts'
import type { Feed } from '../../../src/config/feeds.ts'
import { judgeFeed, type Surroundings } from '../../../src/feeds/judge.ts'
import { say } from '../../../src/report/say.ts'

const drop: Feed = {
  name: 'drop',
  source: { file: '/lists/drop' },
  format: 'netset',
  refresh: 3_600_000,
  allow: [],
  maxEntries: 1000,
  at: { file: 'fleet.yml', line: 2 },
}

function judge(text: string, feed: Partial<Feed> = {}, around: Partial<Surroundings> = {}) {
  const { spans, entries, wrong } = judgeFeed({ ...drop, ...feed }, text, 'drop', { own: [], ...around })
  const list = Object.values(printSpans(spans)).flat()
  return {
    list,
    entries,
    wrong: wrong.map(({ code, at }) => `${at?.line ?? '-'} ${code}`),
    said: wrong.map(say),
  }
}

/** Distinct, and nobody's neighbours. */
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => `45.${at >> 8}.${at & 255}.1\n`).join('')

describe('a feed', () => {
  it('is a list of addresses, CIDRs and ranges with comments, joined exactly', () => {
    const text = `\uFEFF# a list\r\n45.1.1.0/25 # one half\r\n\r\n45.1.1.128/25;SBL1\n  ; nothing\n45.2.2.5-45.2.2.6\n2600:1::/33\n2600:1:8000::/33`
    expect(judge(text)).toMatchObject({
      list: ['45.1.1.0/24', '45.2.2.5', '45.2.2.6', '2600:1::/32'],
      entries: 5,
      wrong: [],
    })
  })

  it('may have IPv4 as daemons that listen for both families log it, and blanks around a dash', () => {
    expect(judge('::ffff:45.1.1.7\n45.2.2.5 - 45.2.2.6\n')).toMatchObject({
      list: ['45.1.1.7', '45.2.2.5', '45.2.2.6'],
      wrong: [],
    })
  })

  it('says of a line that is wrong which one was meant, where that shows', () => {
    expect(judge('45.1.1.1\n45.1.2\n45.1.3.1:443\n45.1.4.1 45.1.4.2\n').said).toEqual([
      'drop:2: "45.1.2" is no address, no CIDR and no range a-b: an IPv4 address has four numbers. Did you mean 45.1.2.0/24?',
      'drop:3: "45.1.3.1:443" is no address, no CIDR and no range a-b: a port stands elsewhere. Did you mean 45.1.3.1?',
      'drop:4: "45.1.4.1 45.1.4.2" is no address, no CIDR and no range a-b: one of them is all that a line has.',
    ])
  })

  it('loses what its allow list names, exactly', () => {
    const { list } = judge('45.1.1.0/24\n2600::/32\n', { allow: ['45.1.1.7', '2600:0:8000::/33'] })
    expect(list).toEqual(
      ['45.1.1.0/30', '45.1.1.4/31', '45.1.1.6', '45.1.1.8/29', '45.1.1.16/28', '45.1.1.32/27'].concat([
        '45.1.1.64/26',
        '45.1.1.128/25',
        '2600::/33',
      ]),
    )
  })

  it('of bogons loses those that it names as a whole', () => {
    const bogons = '0.0.0.0/8\n10.0.0.0/8\n127.0.0.0/8\n192.168.0.0/16\n224.0.0.0/3\nfc00::/7\n45.1.1.1\n'
    const own = [{ name: 'web1', address: '10.1.2.3' }]
    expect(judge(bogons, {}, { own })).toMatchObject({ list: ['45.1.1.1'], wrong: [] })
  })

  it.each<[string, string, string[], Partial<Feed>?, Partial<Surroundings>?]>([
    ['everything', '45.1.1.1\n0.0.0.0/0\n', ['2 feed-too-wide']],
    ['all of IPv6', '::/0', ['1 feed-too-wide']],
    ['half of everything', '128.0.0.0/1', ['1 feed-too-wide']],
    [
      'half of everything, in parts',
      Array.from({ length: 36 }, (_, at) => `${at * 4 + 20}.0.0.0/6\n`).join(''),
      ['- feed-half'],
    ],
    ['one private address', '45.1.1.1\n192.168.1.7\n', ['2 feed-private']],
    ['a part of a private network', '45.1.1.1\n10.20.0.0/16\n', ['2 feed-private']],
    [
      'a private network in a list of no bogons',
      '45.1.1.1\n10.0.0.0/8\n',
      ['2 feed-private'],
      { format: 'plain' },
    ],
    ['an address that only links have', 'fe80::1\n', ['1 feed-private']],
    [
      "a host of one's own",
      '45.1.1.0/24\n',
      ['1 feed-own'],
      {},
      { own: [{ name: 'web1', address: '45.1.1.7' }] },
    ],
    ['a page', '\n<!DOCTYPE html>\n<html>', ['1 list-page']],
    ['garbage', '45.1.1.1\n\u0000\u0001PNG', ['2 list-binary']],
    ['what is no UTF-8', '45.1.1.1\n\uFFFD\uFFFD', ['2 feed-line']],
    ['nothing', '', ['- feed-empty']],
    ['comments alone', '# moved to https://elsewhere\n', ['- feed-empty']],
    ['half a line', '45.1.1.1\n45.1.', ['2 feed-line']],
    ['names', 'example.org\n45.1.1.1 evil\n', ['1 feed-line', '2 feed-line']],
    ['what is longer than maxEntries', many(11), ['- feed-too-many'], { maxEntries: 10 }],
    ['what is shorter than minEntries', many(9), ['- feed-too-few'], { minEntries: 10 }],
    ['a sudden loss of half', many(49), ['- feed-shrunk'], {}, { before: 100 }],
  ])('is refused as a whole for %s', (_, text, expected, feed, around) => {
    const { wrong, said } = judge(text, feed, around)
    expect(wrong).toEqual(expected)
    for (const sentence of said) expect(sentence).toMatch(/^drop(:\d+)?: .*[.?]$/)
  })

  it.each<[string, string, Partial<Feed>?, Partial<Surroundings>?]>([
    [
      'a private address that allow names',
      '45.1.1.1\n192.168.1.7\n',
      { format: 'plain', allow: ['192.168.0.0/16'] },
    ],
    [
      "a host of one's own that allow names",
      '45.1.1.1\n45.1.2.0/24\n',
      { allow: ['45.1.2.0/24'] },
      { own: [{ name: 'web1', address: '45.1.2.7' }] },
    ],
  ])('may have %s', (_, text, feed, around) => {
    expect(judge(text, feed, around)).toMatchObject({ list: ['45.1.1.1'], wrong: [] })
  })

  it.each<[string, number, Partial<Feed>, number | undefined]>([
    ['half of it', 50, {}, 100],
    ['less, where minEntries says so', 10, { minEntries: 10 }, 100],
    ['one, where there were few', 1, {}, 49],
    ['more', 200, {}, 100],
    ['anything the first time', 1, {}, undefined],
  ])('may come to %s', (_, count, feed, before) => {
    expect(judge(many(count), feed, before === undefined ? {} : { before }).wrong).toEqual([])
  })

  it('tells ten wrong lines and the number of the others', () => {
    const { wrong, said } = judge('nonsense\n'.repeat(1000))
    expect(wrong).toHaveLength(11)
    expect(said.at(-1)).toBe('drop: And 990 more like these. Nothing of the list is taken.')
  })

  it('may name a country', () => {
    const zone = '2.0.0.0/12\n3.0.0.0/8\n6.0.0.0/7\n45.1.1.0/24\n'
    expect(judge(zone, { format: 'zone' })).toMatchObject({ entries: 4, wrong: [] })
  })
})
