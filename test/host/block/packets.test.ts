import { describe, expect, it } from 'vitest'
import { aHost, block, now, word } from './blocking.ts'
import { ATTACKER, HOST, hold, NEIGHBOUR, passesOneWay, reaches, type Way, wire } from './traffic.ts'

const ways = (who: typeof ATTACKER | typeof NEIGHBOUR): Record<string, Way> => ({
  in: { from: 'far', to: HOST[4], by: who[4] },
  'in by IPv6': { from: 'far', to: HOST[6], by: who[6] },
  'to a port that Docker publishes': { from: 'far', to: HOST[4], by: who[4], port: 8080 },
  'to a port that Docker publishes by IPv6': { from: 'far', to: HOST[6], by: who[6], port: 8080 },
  out: { from: 'host', to: who[4] },
  'out by IPv6': { from: 'host', to: who[6] },
  'out of a container': { from: 'inner', to: who[4] },
  'out of a container by IPv6': { from: 'inner', to: who[6] },
})

const tried = async (host: Awaited<ReturnType<typeof aHost>>, who: typeof ATTACKER | typeof NEIGHBOUR) => {
  const all = Object.entries(ways(who)).map(async ([name, way]) => [name, await reaches(host, way)] as const)
  return Object.fromEntries(await Promise.all(all))
}
const each = (value: boolean) => Object.fromEntries(Object.keys(ways(ATTACKER)).map(name => [name, value]))

describe.each(['nft', 'legacy'] as const)('packets of a host with %s', backend => {
  it('stop with the block, new ones and old ones, and come again when it is lifted', async () => {
    const host = await aHost({ backend })
    await wire(host)
    expect(await tried(host, ATTACKER)).toEqual(each(true))
    const flows = await Promise.all(
      Object.entries(ways(ATTACKER)).map(async ([name, way]) => [name, await hold(host, way)] as const),
    )
    const other = await hold(host, { from: 'far', to: HOST[4], by: NEIGHBOUR[4], port: 8080 })
    const still = async () =>
      Object.fromEntries(await Promise.all(flows.map(async ([name, flow]) => [name, await flow.flows()])))
    expect(await still()).toEqual(each(true))

    const lines = [word(ATTACKER[4], { until: now() + 600 }), word(ATTACKER[6])]
    await block(host, lines)
    expect(await tried(host, ATTACKER)).toEqual(each(false))
    expect(await still()).toEqual(each(false))
    expect(await tried(host, NEIGHBOUR)).toEqual(each(true))
    expect(await other.flows()).toBe(true)

    await block(
      host,
      lines.map(line => ({ ...line, at: Date.now(), state: 'lifted' })),
    )
    expect(await tried(host, ATTACKER)).toEqual(each(true))
  })

  it('of those who are always let through pass a block that covers them', async () => {
    const host = await aHost({ backend })
    await wire(host)
    await block(host, [word('203.0.112.0/23'), word('2001:db8::/32')], {
      allow: [NEIGHBOUR[4], NEIGHBOUR[6]],
      even: [HOST[4], HOST[6]],
    })
    expect(await tried(host, ATTACKER)).toEqual(each(false))
    expect(await tried(host, NEIGHBOUR)).toEqual(each(true))
  })

  it('of its own pass where it gets an address in a network that is blocked already', async () => {
    const host = await aHost({ backend })
    await wire(host)
    await block(host, [word('100.64.0.0/24'), word('2001:db8:64::/64')])
    await host.must(
      'ip addr add 100.64.0.5/24 dev out; ip addr add 2001:db8:64::5/64 dev out nodad; ' +
        'ip -n far addr add 100.64.0.9/24 dev far0; ip -n far addr add 2001:db8:64::9/64 dev far0 nodad',
    )
    const passes = (from: Way['from'], to: string, by?: string) =>
      reaches(host, { from, to, ...(by === undefined ? {} : { by }) })
    expect(await passes('far', '100.64.0.5', NEIGHBOUR[4])).toBe(true)
    expect(await passes('far', '2001:db8:64::5', NEIGHBOUR[6])).toBe(true)
    expect(await passes('host', '100.64.0.5')).toBe(true)
    expect(await passes('host', NEIGHBOUR[4], '100.64.0.5')).toBe(true)
    expect(await passes('far', '100.64.0.5', '100.64.0.9')).toBe(false)
    expect(await passes('far', '2001:db8:64::5', '2001:db8:64::9')).toBe(false)
    expect(await passes('far', HOST[4], '100.64.0.9')).toBe(false)
    expect(await passes('host', '100.64.0.9')).toBe(false)
  })

  it('stop on the one way that is named', async () => {
    const host = await aHost({ backend })
    await wire(host)
    const passing = async () => ({
      in: [await passesOneWay(host, 'far', 4), await passesOneWay(host, 'far', 6)],
      out: [await passesOneWay(host, 'host', 4), await passesOneWay(host, 'host', 6)],
    })
    expect(await passing()).toEqual({ in: [true, true], out: [true, true] })
    const only = (direction: 'in' | 'out') =>
      block(
        host,
        [ATTACKER[4], ATTACKER[6]].map(address => word(address, { direction })),
      )
    await only('in')
    expect(await passing()).toEqual({ in: [false, false], out: [true, true] })
    await only('out')
    expect(await passing()).toEqual({ in: [true, true], out: [false, false] })
  })

  it('come again by themselves when the time is over', async () => {
    const host = await aHost({ backend })
    await wire(host)
    await block(host, [word(ATTACKER[4], { until: now() + 4 })])
    const way: Way = { from: 'far', to: HOST[4], by: ATTACKER[4] }
    expect(await reaches(host, way)).toBe(false)
    await expect.poll(() => reaches(host, way), { timeout: 20_000 }).toBe(true)
  })
})
