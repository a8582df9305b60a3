import { describe, expect, it } from 'vitest'
import { lint } from '../../../src/lint/run.ts'
import type { Family } from '../../../src/model/family.ts'
import { lintSentences } from '../../../src/report/sentences/lint.ts'
import type { Sentences } from '../../../src/report/sentences/sentence.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'

const GOOD = [
  '-A INPUT -i lo -j ACCEPT',
  '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 5/sec -j ACCEPT',
  '-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 443 -j ACCEPT',
  '-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT',
]
const NEIGHBOURS = ['135', '136'].map(
  type => `-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`,
)
const onlyFour = (line: string) => !/192\.0\.2|198\.51/.test(line)

/** Every rule knows its line, counted from 1, in the role `web`. */
function read(family: Family, lines: readonly string[], source: readonly string[]): Ruleset {
  const declared = [':INPUT DROP', ':FORWARD DROP', ':OUTPUT ACCEPT'].filter(
    line => !lines.some(other => other.startsWith(line.split(' ')[0] ?? '')),
  )
  const rules = lines.filter(line => line.startsWith('-'))
  const chains = [...declared, ...lines.filter(line => line.startsWith(':'))]
  const { tables } = parseSave(`*filter\n${[...chains, ...rules].join('\n')}\nCOMMIT\n`, family)
  const placed = [...(tables.get('filter')?.values() ?? [])].map(chain => ({
    ...chain,
    rules: chain.rules.map(rule => {
      const line = source.indexOf(`-A ${chain.name} ${rule.text}`) + 1
      return { ...rule, at: { file: 'templates/web.hbs', line } }
    }),
  }))
  return { family, tables: new Map([['filter', new Map(placed.map(chain => [chain.name, chain]))]]) }
}

function check(
  lines: readonly string[],
  six: readonly string[] = [...NEIGHBOURS, ...lines.filter(onlyFour)],
) {
  return lint({ 4: read(4, lines, lines), 6: read(6, six, lines) }, { sets: new Map() })
}
const codes = (...args: Parameters<typeof check>) =>
  check(...args).map(({ code, at }) => (at ? `${code}:${at.line}` : code))

describe('a good ruleset', () => {
  it('gives no finding', () => expect(check(GOOD)).toEqual([]))
})

describe('rules that no packet reaches', () => {
  it.each([
    [
      'after the end of the chain',
      ['-A INPUT -j DROP', '-A INPUT -p udp -j ACCEPT', '-A INPUT -p tcp -j ACCEPT'],
      'rule-after-end:7',
    ],
    [
      'said twice',
      ['-A INPUT -p tcp --dport 80 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT'],
      'rule-shadowed:7',
    ],
    [
      'in a wider port range',
      ['-A INPUT -p tcp --dport 80:90 -j ACCEPT', '-A INPUT -p tcp -m multiport --dports 81,85 -j LOG'],
      'rule-shadowed:7',
    ],
    [
      'in a wider network',
      ['-A INPUT -s 198.51.100.0/24 -j DROP', '-A INPUT -s 198.51.100.7 -p tcp -j ACCEPT'],
      'rule-shadowed:7',
    ],
    [
      'in more states',
      [
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j LOG',
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP',
      ],
      'drop-too-late:7',
    ],
    [
      'closed after it was opened',
      ['-A INPUT -p tcp --dport 80 -j ACCEPT', '-A INPUT -p tcp --dport 80 -s 198.51.100.7 -j DROP'],
      'drop-too-late:7',
    ],
  ])('%s', (_, lines, expected) => expect(codes([...GOOD, ...lines])).toContain(expected))

  it.each([
    [
      'behind a rate',
      ['-A INPUT -p tcp --dport 80 -m limit --limit 5/sec -j ACCEPT', '-A INPUT -p tcp --dport 80 -j DROP'],
    ],
    ['behind a rule that only logs', ['-A INPUT -p udp -j LOG', '-A INPUT -p udp -j ACCEPT']],
    ['behind a narrower one', ['-A INPUT -p udp --dport 53 -j ACCEPT', '-A INPUT -p udp -j REJECT']],
    ['behind a negation', ['-A INPUT ! -s 198.51.100.0/24 -j DROP', '-A INPUT -s 198.51.100.7 -j ACCEPT']],
    [
      'at the other side',
      [
        '-A INPUT -p udp -m udp --dport 500 -j ACCEPT',
        '-A INPUT -p udp -m udp --sport 500 --dport 501 -j ACCEPT',
      ],
    ],
    [
      'behind an unknown match',
      ['-A INPUT -m mark --mark 1 -j DROP', '-A INPUT -m mark --mark 1 -p udp -j ACCEPT'],
    ],
  ])('but not %s', (_, lines) => expect(codes([...GOOD, ...lines])).toEqual([]))

  it('are found in 3,000 rules only where it is cheap', () => {
    const many = Array.from({ length: 3000 }, (_, at) => `-A INPUT -p tcp --dport ${at} -j ACCEPT`)
    const found = codes([...GOOD, ...many, ...many.slice(0, 3), '-A INPUT -j DROP', '-A INPUT -j DROP'])
    expect(found).toEqual(['rule-after-end:3009'])
  })
})

describe('a DROP that comes too late', () => {
  it('is one of a source behind a service for everybody', () => {
    const lines = [...GOOD, '-A INPUT -p tcp --dport 80 -j ACCEPT', '-A INPUT -s 198.51.100.7 -j DROP']
    const [finding] = check(lines)
    expect(finding).toMatchObject({
      code: 'drop-too-late',
      severity: 'warning',
      at: { file: 'templates/web.hbs', line: 7 },
      args: { by: '-A INPUT -p tcp --dport 80 -j ACCEPT', byAt: 'templates/web.hbs:6' },
    })
  })

  it('is none for another service, or before it', () => {
    const drop = '-A INPUT -s 198.51.100.7 -p udp -j DROP'
    expect(codes([...GOOD, '-A INPUT -p tcp --dport 80 -j ACCEPT', drop])).toEqual([])
    expect(
      codes([...GOOD, '-A INPUT -s 198.51.100.7 -j DROP', '-A INPUT -p tcp --dport 80 -j ACCEPT']),
    ).toEqual([])
  })
})

describe('matches', () => {
  it.each([
    ['-A INPUT -p udp -m state --state NEW -j ACCEPT', 'state-match:6'],
    ['-A INPUT -p udp --sport 53 -j ACCEPT', 'source-port-trusted:6'],
    [
      '-A INPUT -p udp -m multiport --sports 53,123 -m conntrack --ctstate NEW -j ACCEPT',
      'source-port-trusted:6',
    ],
  ])('%s', (line, expected) => expect(codes([...GOOD, line])).toEqual([expected]))

  it.each([
    '-A FORWARD -p udp --sport 53 -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    '-A OUTPUT -p tcp --sport 22 -j ACCEPT',
    '-A INPUT -p udp --sport 53 -j DROP',
    '-A INPUT -p udp -s 198.51.100.7 --sport 53 -j ACCEPT',
  ])('not %s', line => expect(codes([...GOOD, line])).toEqual([]))
})

describe('traffic that must pass', () => {
  it('is the answers of open connections under a DROP policy', () => {
    const without = GOOD.filter(line => !line.includes('ESTABLISHED'))
    expect(check(without)).toContainEqual({
      code: 'established-dropped',
      severity: 'warning',
      args: { family: 4, chain: 'INPUT' },
    })
    expect(codes([':OUTPUT DROP', ...GOOD])).toContain('established-dropped')
  })

  it('is neighbour discovery', () => {
    expect(codes(GOOD, GOOD.filter(onlyFour))).toEqual(['neighbour-discovery-dropped'])
    const far = NEIGHBOURS.map(line => line.replace(' -j', ' -m hl --hl-lt 255 -j'))
    expect(codes(GOOD, [...GOOD.filter(onlyFour), ...far])).toEqual(['neighbour-discovery-dropped'])
  })
})

describe('a family left open', () => {
  it('is found when the other is closed', () => {
    expect(codes(GOOD, [':INPUT ACCEPT', ...NEIGHBOURS])).toEqual(['family-open'])
    expect(codes([':INPUT ACCEPT'], [...GOOD.filter(onlyFour), ...NEIGHBOURS])).toEqual(['family-open'])
  })

  it('is none when both are', () => {
    expect(codes([':INPUT ACCEPT'], [':INPUT ACCEPT'])).toEqual([])
  })
})

describe('the sentences', () => {
  it('name the rule and what to do', () => {
    const findings = check(
      [
        ...GOOD.slice(2),
        '-A INPUT -p udp -m state --state NEW --sport 53 -j ACCEPT',
        '-A INPUT -j DROP',
        '-A INPUT -j DROP',
        '-A INPUT -j DROP',
      ],
      [':INPUT ACCEPT'],
    )
    const sentences: Sentences = lintSentences
    for (const { code, args } of findings) {
      expect(sentences[code]?.(args)).not.toMatch(/undefined|\[object/)
    }
    expect(new Set(findings.map(({ code }) => code)).size).toBeGreaterThan(3)
  })
})
