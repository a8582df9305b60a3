import { describe, expect, it } from 'vitest'
import type { Packet } from '../../../src/evaluate/packet.ts'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { isLockedDown, releaseOf } from '../../../src/plan/lockdown.ts'
import { type Door, lockdownRules, managersOf } from '../../../src/plan/lockdown-rules.ts'
import { printRestore } from '../../../src/ruleset/print.ts'

const CLIENT = '198.51.100.7'
const DOOR: Door = { client: CLIENT, port: 2222, management: ['192.0.2.0/28', '2001:db8::/64'] }
const HERE = { 4: '203.0.113.1', 6: '2001:db8:1::1' } as const

function verdict(packet: Partial<Packet>, door: Door = DOOR): string {
  const { rulesets, sets } = lockdownRules(door)
  const { family = 4 } = packet
  const known = new Map(sets.map(({ name, entries }) => [name, entries]))
  const [inInterface, outInterface] = packet.hook === 'output' ? [undefined, 'eth0'] : ['eth0', undefined]
  const whole: Packet = {
    family,
    hook: 'input',
    proto: 'tcp',
    sport: 50_000,
    dport: 2222,
    destination: HERE[family],
    ctstate: 'NEW',
    ...(inInterface ? { inInterface } : {}),
    ...(outInterface ? { outInterface } : {}),
    ...packet,
  }
  return evaluate(rulesets[family], whole, { sets: known }).verdict
}

describe('the rules of a lockdown', () => {
  it('let SSH in from the controller and from managers, and from nobody else', () => {
    expect(verdict({ source: CLIENT })).toBe('accept')
    expect(verdict({ source: '192.0.2.15' })).toBe('accept')
    expect(verdict({ source: '192.0.2.16' })).toBe('drop')
    expect(verdict({ family: 6, source: '2001:db8::9' })).toBe('accept')
    expect(verdict({ family: 6, source: '2001:db8:2::9' })).toBe('drop')
    expect(verdict({ source: CLIENT, dport: 22 })).toBe('drop')
    expect(verdict({ source: CLIENT, proto: 'udp' })).toBe('drop')
  })

  it('cut what is open, what is forwarded, and what the host begins', () => {
    expect(verdict({ source: '192.0.2.16', ctstate: 'ESTABLISHED' })).toBe('drop')
    expect(verdict({ hook: 'forward', source: '192.0.2.16', destination: '172.17.0.2', dport: 80 })).toBe(
      'drop',
    )
    const out = { hook: 'output', source: HERE[4], destination: CLIENT } as const
    expect(verdict({ ...out, dport: 443 })).toBe('drop')
    expect(verdict({ ...out, sport: 2222, dport: 50_000, ctstate: 'ESTABLISHED' })).toBe('accept')
    expect(verdict({ ...out, sport: 2222, dport: 443 }), 'from the port of sshd').toBe('drop')
    expect(verdict({ ...out, proto: 'udp', sport: 68, dport: 67 }), 'as if to a DHCP server').toBe('drop')
    expect(verdict({ ...out, proto: 'udp', destination: '192.0.2.53', dport: 53 })).toBe('drop')
  })

  it('leave the network alive', () => {
    const dhcp = { proto: 'udp', sport: 68, dport: 67, destination: '255.255.255.255' }
    expect(verdict({ hook: 'output', ...dhcp })).toBe('accept')
    expect(verdict({ proto: 'udp', source: '192.0.2.53', sport: 67, dport: 68 })).toBe('accept')
    expect(verdict({ proto: 'icmp', source: '192.0.2.53', icmpType: 3, icmpCode: 4 })).toBe('accept')
    expect(verdict({ proto: 'icmp', source: '192.0.2.53', icmpType: 8, icmpCode: 0 })).toBe('drop')
  })

  it('take one rule and a set for many managers', () => {
    const management = Array.from({ length: 20 }, (_, at) => `192.0.2.${at * 2}`)
    const door = { ...DOOR, management }
    expect(lockdownRules(door).sets).toHaveLength(1)
    expect(printRestore(lockdownRules(door).rulesets[4])).not.toContain('192.0.2.4')
    expect(verdict({ source: '192.0.2.4' }, door)).toBe('accept')
    expect(verdict({ source: '192.0.2.5' }, door)).toBe('drop')
    expect(verdict({ source: CLIENT }, door)).toBe('accept')
  })

  it('hold for no network that is nearly everybody', () => {
    expect(managersOf(['192.0.2.0/24', '0.0.0.0/0', '::/0', '0.0.0.0-255.255.255.0'])).toEqual({
      managers: ['192.0.2.0/24'],
      tooWide: ['0.0.0.0/0', '::/0', '0.0.0.0-255.255.255.0'],
    })
  })

  it('say in each of them whose they are: none is ever equal to one of somebody else', () => {
    const text = printRestore(lockdownRules(DOOR).rulesets[4]) + printRestore(lockdownRules(DOOR).rulesets[6])
    const rules = text.split('\n').filter(line => line.startsWith('-A'))
    expect(rules.filter(line => !line.includes('--comment "fleet lockdown"'))).toEqual([])
  })
})

describe('a host in lockdown', () => {
  const seen = (number: number, lockdown: number | undefined, live = '') => ({
    live: { 4: live, 6: '' },
    generation: {
      number,
      newest: number,
      nonce: '',
      whole: true,
      linked: true,
      plugins: true,
      enabled: true,
      rules: { 4: '', 6: '' },
      ipsets: '',
      ...(lockdown === undefined ? {} : { lockdown }),
    },
  })
  const live = printRestore(lockdownRules(DOOR).rulesets[4])

  it('is known by its generation, and by its rules where that is damaged', () => {
    expect(isLockedDown(seen(3, undefined))).toBe(false)
    expect(isLockedDown(seen(3, 2))).toBe(true)
    expect(isLockedDown(seen(3, undefined, live))).toBe(true)
  })

  it('goes back to what it had before', () => {
    expect(releaseOf(seen(3, undefined))).toBeUndefined()
    expect(releaseOf(seen(7, 2, live))).toBe(2)
    expect(releaseOf(seen(1, 0, live))).toBe(0)
    expect(releaseOf(seen(3, undefined, live))).toBe('previous')
    expect(releaseOf(seen(1, undefined, live))).toBe(0)
  })
})
