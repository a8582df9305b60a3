import { describe, expect, it } from 'vitest'
import { sendBlocks } from '../../../src/host/block.ts'
import type { MiniHost } from '../program/mini-host.ts'
import { put } from '../program/mini-host.ts'
import { aHost, block, members, order, word } from './blocking.ts'

/** With an address of its own in both families, a way out, and two resolvers. */
async function settled(shell: 'dash' | 'busybox'): Promise<MiniHost> {
  const host = await aHost({ shell })
  const steps = [
    'link add up0 type veth peer name down0',
    'link set up0 up',
    'link set down0 up',
    'addr add 203.0.113.5/24 dev up0',
    'addr add 2001:db8:5::5/64 dev up0 nodad',
    'route add default via 203.0.113.254',
    '-6 route add default via 2001:db8:5::fe',
  ]
  // Not the one that is a part of busybox.
  await host.must(steps.map(step => `/usr/sbin/ip ${step}`).join(' && '))
  put(host, 'etc/resolv.conf', 'search example.org\nnameserver 192.0.2.53\nnameserver 2001:db8:53::53\n')
  return host
}

const REFUSED: readonly (readonly [address: string, what: string, covers: string])[] = [
  ['198.51.100.7', 'client', '198.51.100.7'],
  ['198.51.96.0/20', 'client', '198.51.100.7'],
  ['203.0.113.5', 'own', '203.0.113.5'],
  ['2001:db8:5::/48', 'own', '2001:db8:5::5'],
  ['203.0.113.254', 'gateway', '203.0.113.254'],
  ['2001:db8:5::fe', 'gateway', '2001:db8:5::fe'],
  ['192.0.2.0/26', 'resolver', '192.0.2.53'],
  ['2001:db8:53::53', 'resolver', '2001:db8:53::53'],
  ['127.0.0.53', 'loopback', '127.0.0.0/8'],
  ['126.0.0.0/7', 'loopback', '127.0.0.0/8'],
  ['::1', 'loopback', '::1'],
  ['169.254.169.254', 'link-local', '169.254.0.0/16'],
  ['fe80::1', 'link-local', 'fe80::/10'],
  ['224.0.0.251', 'multicast', '224.0.0.0/4'],
  ['ff02::/16', 'multicast', 'ff00::/8'],
  ['0.0.0.0', 'unspecified', '0.0.0.0'],
  ['128.0.0.0/1', 'too-wide', '128.0.0.0/1'],
  ['::/0', 'too-wide', '::/0'],
]
/** The nearest to them that may be blocked. */
const FREE = [
  '198.51.100.6',
  '203.0.113.4',
  '203.0.113.252',
  '192.0.2.64/26',
  '126.0.0.0/8',
  '2001:db8:53::52',
  '22.0.0.1',
  '240.0.0.0/4',
]

describe.each(['dash', 'busybox'] as const)('what a host does not block (%s)', shell => {
  it('is itself and what it lives by, each told; all the others go on', async () => {
    const host = await settled(shell)
    const lines = [...REFUSED.map(([address]) => word(address)), ...FREE.map(address => word(address))]
    const answer = await block(host, lines)
    const byAddress = (a: { address: string }, b: { address: string }) => (a.address < b.address ? -1 : 1)
    expect(answer.refused.toSorted(byAddress)).toEqual(
      REFUSED.map(([address, what, covers]) => ({ address, what, covers })).toSorted(byAddress),
    )
    expect(answer.entries).toBe(FREE.length)
    const blocked = (await members(host)).filter(line => line.startsWith('fleet-block'))
    expect(new Set(blocked.map(line => line.split(' ')[1]))).toEqual(new Set(FREE))
    // Later too, when there is a map already.
    expect((await block(host, lines)).refused).toHaveLength(REFUSED.length)
    expect(await block(host, lines)).toMatchObject({ lacked: 0 })
  })

  it('is just that: nothing is blocked where nothing else is asked for', async () => {
    const host = await settled(shell)
    await expect(block(host, [word('203.0.113.0/24')])).rejects.toMatchObject({
      code: 'block-refused',
      args: { why: 'protected' },
    })
    expect(await members(host)).toEqual([])
  })

  it('is what lies in loopback also where it is asked from there', async () => {
    const host = await settled(shell)
    const session = await host.connect({ from: '127.0.0.1 50000 127.0.0.1 22' })
    const answer = await sendBlocks(session, order([word('127.0.0.9'), word('203.0.113.9')]))
    await session.close()
    expect(answer).toMatchObject({
      entries: 1,
      refused: [{ address: '127.0.0.9', what: 'loopback', covers: '127.0.0.0/8' }],
    })
  })

  it('may be covered where that is said, and the host itself gets through', async () => {
    const host = await settled(shell)
    const even = ['203.0.113.5', '203.0.113.254', '2001:db8:5::5', '2001:db8:5::fe']
    const lines = [word('203.0.113.0/24'), word('2001:db8:5::/64'), word('192.0.2.53')]
    expect(await block(host, lines, { even })).toMatchObject({
      entries: 2,
      refused: [{ address: '192.0.2.53', what: 'resolver', covers: '192.0.2.53' }],
    })
    expect(await members(host)).toEqual([
      'fleet-allow4 198.51.100.7',
      'fleet-allow4 203.0.113.5',
      'fleet-allow6 2001:db8:5::5',
      'fleet-block4 203.0.113.0/24',
      'fleet-block6 2001:db8:5::/64',
    ])
  })

  it('may be all of it', async () => {
    const host = await settled(shell)
    const even = ['0.0.0.0/0']
    await block(host, [word('0.0.0.0/0', { direction: 'in' })], { even, allow: ['192.0.2.0/24'] })
    expect((await members(host)).filter(line => line.startsWith('fleet-block'))).toEqual([
      'fleet-block4-in 0.0.0.0/1',
      'fleet-block4-in 128.0.0.0/1',
    ])
  })
})
