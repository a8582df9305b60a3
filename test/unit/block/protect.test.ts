import { afterEach, describe, expect, it, vi } from 'vitest'
import { allowOf } from '../../../src/block/management.ts'
import { type Protected, refuseProtected } from '../../../src/block/protect.ts'
import { findGuarded } from '../../../src/block/surroundings.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import type { Host } from '../../../src/model/host.ts'

const GUARDED: readonly Protected[] = [
  { what: 'host', name: 'web3', cidr: '203.0.113.7' },
  { what: 'host', name: 'web6', cidr: '2001:db8::7' },
  { what: 'management', name: 'web1', cidr: '198.51.100.0/24' },
  { what: 'controller', cidr: '192.0.2.1' },
]

function refusals(addresses: readonly string[], even: readonly string[] = []): readonly object[] {
  try {
    refuseProtected(addresses, GUARDED, even)
    return []
  } catch (error) {
    if (!(error instanceof FleetErrors)) throw error
    return error.findings.map(({ code, args }) => ({ code, ...args }))
  }
}

describe('what may not be blocked', () => {
  it.each([
    ['203.0.113.0/24', 'host', '203.0.113.7', '203.0.113.7'],
    ['203.0.113.1-203.0.113.9', 'host', '203.0.113.7', '203.0.113.7'],
    ['2001:db8::/32', 'host', '2001:db8::7', '2001:db8::7'],
    ['198.51.100.9', 'management', '198.51.100.0/24', '198.51.100.9'],
    ['198.51.96.0/20', 'management', '198.51.100.0/24', '198.51.100.0/24'],
    ['192.0.2.1', 'controller', '192.0.2.1', '192.0.2.1'],
    ['127.0.0.53', 'loopback', '127.0.0.0/8', '127.0.0.53'],
    ['169.254.169.254', 'link-local', '169.254.0.0/16', '169.254.169.254'],
    ['fe80::1', 'link-local', 'fe80::/10', 'fe80::1'],
    ['224.0.0.1', 'multicast', '224.0.0.0/4', '224.0.0.1'],
    ['ff02::1', 'multicast', 'ff00::/8', 'ff02::1'],
  ])('%s: %s', (address, what, covers, even) => {
    expect(refusals([address])).toMatchObject([{ code: 'block-protected', address, what, covers, even }])
    expect(refusals([address], [even])).toEqual([])
    expect(refusals([address], ['203.0.113.8'])).toHaveLength(1)
  })

  it.each([
    '203.0.113.8',
    '203.0.113.0-203.0.113.6',
    '192.0.2.2',
    '2001:db8::8',
    '10.0.0.0/8',
    '198.51.101.0/24',
  ])('%s may', address => expect(refusals([address])).toEqual([]))

  it('is told for each exception that is not named', () => {
    expect(refusals(['203.0.0.0/16', '198.51.100.0/24'], ['203.0.113.7'])).toMatchObject([
      { what: 'management' },
    ])
  })

  it.each([['0.0.0.0/0'], ['0.0.0.0/1'], ['16.0.0.0-223.255.255.255'], ['::/0'], ['2000::/4']])(
    'is half of the internet: %s',
    address => expect(refusals([address])).toContainEqual({ code: 'block-too-wide', address, even: address }),
  )

  it('is half of the internet bit by bit, and counts nothing twice', () => {
    const three = ['0.0.0.0/3', '32.0.0.0/3', '64.0.0.0/3', '64.0.0.0/4', '64.0.0.0-95.255.255.255']
    expect(refusals(three, EVERYTHING)).toEqual([])
    const four = ['0.0.0.0/3', '32.0.0.0/3', '64.0.0.0/3', '96.0.0.0/3']
    expect(refusals(four, EVERYTHING)).toEqual([
      { code: 'block-too-wide', address: null, family: 4, even: '0.0.0.0/0' },
    ])
    expect(refusals(four, [...EVERYTHING, '0.0.0.0/0'])).toEqual([])
  })

  it('is told at most twenty times', () => {
    const all = Array.from({ length: 30 }, (_, number) => `127.0.0.${number}`)
    expect(refusals(all)).toHaveLength(21)
    expect(refusals(all).at(-1)).toEqual({ code: 'block-protected-more', more: 10 })
  })

  it('is found among a hundred thousand', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.9`)
    expect(refusals([...many, '203.0.112.0/20'])).toMatchObject([{ address: '203.0.112.0/20' }])
  })
})

/** All that these tests mean to cover. */
const EVERYTHING = [
  '127.0.0.0/8',
  '0.0.0.0/8',
  '203.0.113.7',
  '192.0.2.1',
  '198.51.100.0/24',
  '169.254.0.0/16',
]

describe('what no block keeps out of a host', () => {
  const host = (management: string): Host => ({
    name: 'web1',
    groups: [],
    variables: new Map([['fleet_management', { value: management, at: { file: 'inventory.ini', line: 1 } }]]),
  })

  it('is its management', () => {
    expect(allowOf(host('198.51.100.0/25,198.51.100.128/25,2001:db8::9'), [])).toEqual([
      '198.51.100.0/24',
      '2001:db8::9',
    ])
  })

  it('is without what was blocked even so', () => {
    expect(allowOf(host('198.51.100.0/30'), ['198.51.100.1'])).toEqual(['198.51.100.0', '198.51.100.2/31'])
  })

  it('is nobody, where management comes from anywhere: a block would block nothing', () => {
    expect(allowOf(host('0.0.0.0/0,::/0'), [])).toEqual([])
  })
})

describe('a host of the inventory', () => {
  it('is the IPv4 address that its row has in IPv6 clothes', async () => {
    const web = { name: 'web1', groups: [], variables: new Map() }
    const { all } = await findGuarded([web], () => '::ffff:198.51.100.7')
    expect(all).toContainEqual({ what: 'host', name: 'web1', cidr: '198.51.100.7' })
  })
})

describe('who is logged in to the controller', () => {
  afterEach(() => void vi.unstubAllEnvs())
  const operator = async (connection: string) => {
    vi.stubEnv('SSH_CONNECTION', connection)
    const { all } = await findGuarded([], () => undefined)
    return all.filter(({ what }) => what === 'operator').map(({ cidr }) => cidr)
  }

  it.each([
    ['198.51.100.77 50022 10.0.0.1 22', ['198.51.100.77']],
    ['::ffff:198.51.100.77 50022 ::ffff:10.0.0.1 22', ['198.51.100.77']],
    ['::ffff:c633:644d 50022 ::ffff:a00:1 22', ['198.51.100.77']],
    ['2001:db8::77 50022 2001:db8::1 22', ['2001:db8::77']],
    ['fe80::1%eth0 50022 fe80::2%eth0 22', []],
    ['127.0.0.1 50022 127.0.0.1 22', []],
    ['', []],
  ])('%j is not blocked by mistake either', async (connection, addresses) => {
    expect(await operator(connection)).toEqual(addresses)
  })

  it('is named as what it is', () => {
    const said = () => refuseProtected(['198.51.96.0/20'], [{ what: 'operator', cidr: '198.51.100.77' }], [])
    expect(said).toThrow(/block-protected/)
  })
})
