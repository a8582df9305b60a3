import { describe, expect, it, vi } from 'vitest'
import type { Observation } from '../../../src/host/observation.ts'
import { decide } from '../../../src/plan/decide.ts'
import type { Question } from '../../../src/plan/question.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

const save = (...rules: readonly string[]) =>
  `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.map(rule => `-A ${rule}\n`).join('')}COMMIT\n`

const SSH = 'INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
const WEB = 'INPUT -p tcp -m tcp --dport 443 -j ACCEPT'
const both = <T>(one: T) => ({ 4: one, 6: one })
const rulesets = both(save(SSH, WEB))

const seen: Observation = {
  bootId: 'boot',
  up: 0,
  sshConnection: '10.0.0.1 40000 10.0.0.2 22',
  interface: 'eth0',
  init: 'systemd',
  os: 'debian',
  release: '12',
  iptables: 'iptables v1.8.9 (nf_tables)',
  ipv6: true,
  lacks: [],
  persistent: true,
  rulesFiles: [],
  boots: both(''),
  managers: [],
  live: both(save(SSH)),
  other: both(''),
  asleep: [],
  members: new Map(),
  natives: [],
  sets: [],
  sockets: ['tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=1,fd=3))'],
  generation: {
    number: 4,
    newest: 4,
    nonce: '',
    whole: true,
    linked: true,
    plugins: true,
    enabled: true,
    rules: both(save(SSH)),
    ipsets: '',
  },
  canonical: rulesets,
  asConfirmed: false,
  loadErrors: new Map(),
  guard: undefined,
  arming: false,
}

const shared = { 4: parseSave(rulesets[4], 4), 6: parseSave(rulesets[6], 6) }
const question: Question = {
  host: 'web1',
  groups: ['web'],
  roles: ['base'],
  onlyBase: true,
  rulesets: shared,
  sets: [],
  candidateHash: 'one',
  seen,
  preserve: [],
  replace: [],
  replaceUnmanaged: false,
  acceptLockoutRisk: false,
  isShipped: Boolean,
}

const see = (part: Partial<Observation>): Partial<Question> => ({ seen: { ...seen, ...part } })
const generation = (part: Partial<Observation['generation']>) =>
  see({ generation: { ...seen.generation, ...part } })

const jumping = see({ live: both(save(SSH).replace('COMMIT', ':own - [0:0]\n-A INPUT -j own\nCOMMIT')) })
const strange = see({ live: both(save(SSH, 'INPUT -s 192.0.2.1/32 -j DROP')) })
const HTTP = save(SSH, 'INPUT -p tcp -m tcp --dport 80 -j ACCEPT')
const open = { live: both(HTTP), generation: { ...seen.generation, rules: both(HTTP) } }
const elsewhere = parseSave(rulesets[4], 4)
for (const chain of elsewhere.tables.get('filter')?.values() ?? [])
  for (const rule of chain.rules) Object.assign(rule, { at: { file: 'other.hbs', line: 7 } })

/** Pairs of hosts that differ in one thing that a plan hangs on: what the second differs in, what both have. */
const pair = (of: string, difference: Partial<Question>, common: Partial<Question> = {}) => ({
  of,
  first: { ...question, ...common },
  second: { ...question, ...common, ...difference },
})

const PAIRS = [
  pair('nothing', {}),
  pair('counters', see({ live: both(save(SSH).replaceAll('[0:0]', '[7:9]')) })),
  pair('live rules', see({ live: { 4: HTTP, 6: save(SSH) } })),
  pair('live rules of IPv6', see({ live: { 4: save(SSH), 6: HTTP } })),
  pair('a jump to a chain', jumping),
  pair('a chain to replace', { ...jumping, replace: ['own'] }, jumping),
  pair('a chain to preserve', { ...jumping, preserve: ['own'] }, jumping),
  pair('that all unmanaged goes', { ...strange, replaceUnmanaged: true }, strange),
  pair('the last generation', see(open), see({ live: open.live })),
  pair('its number', generation({ number: 9, newest: 9 })),
  pair('a number that was used already', generation({ newest: 9 })),
  pair('its sets', generation({ ipsets: 'create a hash:net\n' })),
  pair('that it is not whole', generation({ whole: false })),
  pair('the canonical text', see({ canonical: both(save(SSH, WEB.replace('443', '8443'))) })),
  pair('no canonical text, with packages missing', see({ canonical: undefined, lacks: ['ipset'] })),
  pair('that it is as confirmed', see({ canonical: undefined, asConfirmed: true })),
  pair('a listener', see({ ...open, sockets: [] }), see(open)),
  pair('the connection', see({ sshConnection: '10.0.0.1 40000 10.0.0.2 2222' })),
  pair('the hash', { candidateHash: 'other' }),
  pair('the sets', { sets: [{ name: 'a', family: 4, type: 'hash:net', entries: ['192.0.2.0/24'] }] }),
  pair('where rules come from', { rulesets: { ...shared, 4: elsewhere } }),
  pair('a container runtime', see({ live: both(save(SSH).replace('COMMIT', ':DOCKER - [0:0]\nCOMMIT')) })),
  pair('its name', { host: 'web2' }),
]

describe('decide, of a host that is as it was confirmed but for what its sets hold', () => {
  const live = both(rulesets[4])
  const set = { name: 'fleet4-a', family: 4, type: 'hash:net', entries: ['192.0.2.0/24'] } as const
  const of = (changed: string, damaged: readonly string[] = []) =>
    decide({
      ...question,
      sets: [set],
      seen: {
        ...seen,
        live,
        generation: {
          ...seen.generation,
          rules: live,
          damaged,
          changedSets: [{ name: changed, missing: 1, added: 2 }],
        },
      },
    })

  it('puts them right, and says so', () => {
    expect(of('fleet4-a')).toMatchObject({
      verdict: 'change',
      diff: [],
      change: { do: { 4: '', 6: '' }, sets: expect.stringContaining('create fleet4-a ') },
      findings: expect.arrayContaining([
        { code: 'drift-sets', severity: 'note', args: { sets: ['fleet4-a (1 missing, 2 added)'] } },
      ]),
    })
  })

  it('leaves sets that it is not to have, and those of which nobody knows what they held', () => {
    expect(of('fleet4-old').verdict).toBe('unchanged')
    expect(of('fleet4-a', ['ipsets']).verdict).toBe('unchanged')
  })
})

describe('decide, for hosts one after the other', () => {
  it.each(PAIRS)('answers one that differs in $of as if it were the first', async ({ first, second }) => {
    vi.resetModules()
    const fresh = await import('../../../src/plan/decide.ts')
    const alone = fresh.decide(second)
    decide(first)
    expect(decide(second)).toEqual(alone)
  })

  it('shares what is equal', () => {
    const texts = decide(question).change?.do[4]
    expect(texts).toContain('--dport 443')
    expect(decide({ ...question, host: 'web2' }).change?.do[4]).toBe(texts)
  })
})
