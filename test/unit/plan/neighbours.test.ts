import { describe, expect, it } from 'vitest'
import type { SshConnection } from '../../../src/plan/lockout.ts'
import { checkNeighbours } from '../../../src/plan/neighbours.ts'
import { planSentences } from '../../../src/report/sentences/plan.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

const SSH = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
const ANSWERS = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'

const icmp = (type: number, chain = 'INPUT', more = '') =>
  `-A ${chain} ${more}-p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`
const near = (type: number, chain = 'INPUT') =>
  `-A ${chain} -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -m hl --hl-eq 255 -j ACCEPT`

/** INPUT is closed, OUTPUT open. */
const ruleset = (...lines: readonly string[]) =>
  parseSave(
    ['*filter', ':INPUT DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ANSWERS, SSH, ...lines, 'COMMIT', ''].join('\n'),
    6,
  )
const outward = (...lines: readonly string[]) =>
  parseSave(['*filter', ':INPUT ACCEPT [0:0]', ':OUTPUT DROP [0:0]', ...lines, 'COMMIT', ''].join('\n'), 6)

/** The controller is on the host's own link. */
const BESIDE: SshConnection = {
  family: 6,
  client: '2001:db8::7',
  clientPort: 50022,
  server: '2001:db8::ab:1',
  serverPort: 22,
  interface: 'eth0',
}
const BEHIND = { ...BESIDE, client: '2001:db8:1::7', gateway: 'fe80::ff' }
const BY_FOUR: SshConnection = { ...BESIDE, family: 4, client: '198.51.100.7', server: '192.0.2.1' }

const check = (rules: ReturnType<typeof ruleset>, connection: SshConnection) =>
  checkNeighbours(rules, connection, new Map())
const codes = (rules: ReturnType<typeof ruleset>, connection = BESIDE) =>
  check(rules, connection).map(({ code, severity }) => `${severity} ${code}`)

const ROUTERS = near(134)
const IN = 'error lockout-neighbours-in'
const OUT = 'error lockout-neighbours-out'

describe('neighbour discovery, where the controller comes by IPv6', () => {
  it.each<[string, string[], string[]]>([
    ['is let in', [near(135), near(136), ROUTERS], []],
    ['is let in with all of ICMPv6', ['-A INPUT -p ipv6-icmp -j ACCEPT'], []],
    ['is let in up to a rate', ['-A INPUT -p ipv6-icmp -m limit --limit 9/sec -j ACCEPT'], []],
    ['is dropped', [ROUTERS], [IN]],
    ['is let in with its questions alone', [near(135), ROUTERS], [IN]],
    ['is let in with its answers alone', [near(136), ROUTERS], [IN]],
    [
      'is let in from addresses of the link alone',
      [135, 136].map(type => icmp(type, 'INPUT', '-s fe80::/10 ')).concat(ROUTERS),
      [IN],
    ],
    [
      'is let in from other addresses alone',
      [135, 136].map(type => icmp(type, 'INPUT', '-s 2001:db8::/32 ')).concat(ROUTERS),
      [IN],
    ],
    [
      'is let in where it is for the host alone: questions go to a group',
      [135, 136].map(type => icmp(type, 'INPUT', '-d 2001:db8::/32 ')).concat(ROUTERS),
      [IN],
    ],
    [
      'is let in by the very group that is asked',
      [icmp(135, 'INPUT', '-d ff02::1:ffab:1/128 '), near(136), ROUTERS],
      [],
    ],
    ['is let in by another group', [icmp(135, 'INPUT', '-d ff02::1:ff00:7/128 '), near(136), ROUTERS], [IN]],
    ['is let in by another interface', ['-A INPUT -i eth1 -p ipv6-icmp -j ACCEPT', ROUTERS], [IN]],
    [
      'is let in where it came from afar',
      ['-A INPUT -p ipv6-icmp -m hl --hl-lt 255 -j ACCEPT', ROUTERS],
      [IN],
    ],
    [
      'passes for a new connection alone',
      ['-A INPUT -p ipv6-icmp -m conntrack --ctstate NEW -j ACCEPT', ROUTERS],
      [IN],
    ],
    [
      'hangs on what fleet cannot model',
      ['-A INPUT -p ipv6-icmp -m bpf --bytecode "4,48 0 0 9" -j ACCEPT', ROUTERS],
      [IN],
    ],
  ])('%s', (_, lines, expected) => expect(codes(ruleset(...lines))).toEqual(expected))

  it.each<[string, string[], string[]]>([
    ['may leave', [near(135, 'OUTPUT'), near(136, 'OUTPUT')], []],
    ['may not', [], [OUT]],
    ['may not ask', [near(136, 'OUTPUT')], [OUT]],
    ['may not answer', [near(135, 'OUTPUT')], [OUT]],
    [
      'may ask for the controller alone, and for nobody else',
      [icmp(135, 'OUTPUT', '-d ff02::1:ff00:7/128 '), near(136, 'OUTPUT')],
      [],
    ],
    ['may leave by another interface', ['-A OUTPUT -o eth1 -p ipv6-icmp -j ACCEPT'], [OUT]],
  ])('%s', (_, lines, expected) => expect(codes(outward(...lines))).toEqual(expected))

  it('is the router’s where one is between: its address is all that counts', () => {
    const router = [134, 135, 136].map(type => icmp(type, 'INPUT', '-s fe80::ff/128 '))
    expect(codes(ruleset(...router), BEHIND)).toEqual([])
    expect(codes(ruleset(...router), BESIDE)).toContain(IN)
    expect(codes(ruleset(ROUTERS), BEHIND)).toEqual([IN])
    expect(codes(outward(near(135, 'OUTPUT')), BEHIND)).toEqual([OUT])
  })

  it('says which message, whose, and what decided', () => {
    const [finding] = check(ruleset(near(135), ROUTERS), BESIDE)
    expect(finding?.args).toEqual({
      address: '2001:db8::7',
      type: 136,
      source: '2001:db8::7',
      destination: '2001:db8::ab:1',
      verdict: 'drop',
      rule: '-P INPUT DROP',
    })
    expect(planSentences['lockout-neighbours-in'](finding?.args ?? {})).toMatch(
      /type 136 .*--accept-lockout-risk/,
    )
  })

  it.each<[string, SshConnection]>([
    ['IPv4 has none', BY_FOUR],
    ['nor has a tunnel', { ...BESIDE, isDirect: true }],
  ])('%s', (_, connection) => {
    expect(codes(ruleset(), connection)).toEqual([])
    expect(codes(outward(), connection)).toEqual([])
  })

  it('is no error where only router advertisements are dropped', () => {
    expect(codes(ruleset(near(135), near(136)))).toEqual(['warning router-advertisements-dropped'])
    expect(codes(ruleset(near(135), near(136)), BY_FOUR)).toEqual([])
  })

  it('passes untracked rules of the table raw', () => {
    const raw = '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p ipv6-icmp -j CT --notrack\nCOMMIT\n'
    const filter = `*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\nCOMMIT\n`
    expect(codes(parseSave(raw + filter, 6))).toEqual([])
  })
})
