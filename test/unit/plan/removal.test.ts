import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/host/observation.ts'
import { decideRemoval } from '../../../src/plan/removal.ts'

const BARE = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n'
const filter = (policy: string, ...rules: readonly string[]) =>
  `*filter\n:INPUT ${policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.map(rule => `${rule}\n`).join('')}COMMIT\n`
const SSH = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
const FLEETS = filter('DROP', SSH, '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT')
const OURS = filter('DROP', SSH, '-A INPUT -s 192.0.2.66/32 -j DROP')

/** A host with fleet's third generation in force, and hand-written rules before it. */
const seen = (more: Partial<Observation> = {}): Observation => ({
  interface: 'eth0',
  init: 'systemd',
  os: 'debian',
  release: '12',
  ipv6: true,
  lacks: [],
  rulesFiles: ['rules.v4', 'rules.v6'],
  boots: { 4: '', 6: '' },
  managers: [],
  other: { 4: '', 6: '' },
  asleep: [],
  members: new Map(),
  natives: [],
  sets: [],
  sockets: [],
  asConfirmed: false,
  loadErrors: new Map(),
  arming: false,
  guard: undefined,
  bootId: 'b',
  up: 0,
  sshConnection: '198.51.100.7 50000 192.0.2.1 22',
  iptables: 'iptables v1.8.9 (nf_tables)',
  persistent: true,
  live: { 4: FLEETS, 6: BARE },
  generation: {
    number: 3,
    newest: 3,
    nonce: '',
    whole: true,
    linked: true,
    plugins: true,
    enabled: true,
    rules: { 4: FLEETS, 6: '' },
    ipsets: '',
  },
  canonical: { 4: OURS, 6: '' },
  before: { isTouched: true, files: ['rules.v4'], isBooted: true },
  ...more,
})

const plan = (more: Partial<Observation> = {}, acceptLockoutRisk = false) =>
  decideRemoval({
    host: 'a',
    groups: [],
    seen: seen(more),
    preserve: ['mine-*'],
    replace: [],
    acceptLockoutRisk,
  })
const codes = (more: Partial<Observation> = {}) => plan(more).findings.map(({ code }) => code)

describe('what a removal does to a host', () => {
  it('leads from what fleet owns to what stood before', () => {
    const { verdict, change, diff, findings } = plan()
    expect(verdict).toBe('change')
    expect(change).toMatchObject({ base: 3, generation: 0, removes: true, sets: '' })
    expect(change?.want[4]).toContain('192.0.2.66')
    expect(change?.do[4]).toContain('-D INPUT -p tcp -m tcp --dport 443 -j ACCEPT')
    expect(diff.filter(({ kind }) => kind !== ' ').map(({ kind, text }) => kind + text)).toEqual([
      '--A INPUT -p tcp -m tcp --dport 443 -j ACCEPT',
      '+-A INPUT -s 192.0.2.66/32 -j DROP',
    ])
    expect(findings).toMatchObject([{ code: 'removal', severity: 'note', args: { files: ['rules.v4'] } }])
  })

  it('gives built-in chains back to ACCEPT where nothing was', () => {
    const { change, released } = plan({ canonical: { 4: '', 6: '' } })
    expect(change?.do[4]).toContain(':INPUT ACCEPT')
    expect(change?.do[4]).toContain(`-D ${SSH.slice(3)}`)
    expect(released).toContain('filter INPUT')
  })

  it('is done also where the rules are the same, and where another manager has come', () => {
    expect(plan({ canonical: { 4: FLEETS, 6: '' }, managers: [{ name: 'ufw' }] })).toMatchObject({
      verdict: 'change',
      diff: [],
      installs: false,
    })
  })

  it('is refused over a session that is not where systemd would start the guard', () => {
    const { verdict, findings } = plan({ canonical: { 4: FLEETS, 6: '' }, apart: 'net' })
    const errors = findings.filter(({ severity }) => severity === 'error')
    expect([verdict, ...errors.map(({ code }) => code)]).toEqual(['refused', 'host-apart'])
  })

  it('does nothing to a host that fleet never changed', () => {
    const before = { isTouched: false, files: [], isBooted: false }
    expect(plan({ before, canonical: undefined })).toMatchObject({ verdict: 'unchanged', findings: [] })
  })

  it('leaves rules of others, whatever they jump to, also after a removal that was broken off', () => {
    const foreign = FLEETS.replace(
      'COMMIT',
      '-A INPUT -j strange\n-A strange -s 192.0.2.99/32 -j DROP\nCOMMIT',
    ).replace(':OUTPUT', ':strange - [0:0]\n:OUTPUT')
    for (const number of [3, 0]) {
      const { verdict, change } = plan({
        live: { 4: foreign, 6: BARE },
        generation: { ...seen().generation, number },
      })
      expect(verdict).toBe('change')
      expect(change?.base).toBe(number)
      expect(change?.do[4]).not.toContain('strange')
    }
  })

  it('leaves rules of others where they stood among those of before', () => {
    const [lo, drop] = ['-A INPUT -i lo -j ACCEPT', '-A INPUT -s 192.0.2.9/32 -j DROP']
    const live = filter('DROP', '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT', lo, drop, SSH)
    const { change } = plan({
      live: { 4: live, 6: BARE },
      generation: { ...seen().generation, rules: { 4: FLEETS, 6: '' } },
      canonical: { 4: filter('DROP', lo, SSH), 6: '' },
    })
    expect(change?.do[4].match(/^-[AI].*/gm)).toEqual(['-I INPUT 1 -i lo -j ACCEPT', SSH])
  })

  it('takes no chain of others from the files of before', () => {
    const saved = filter(
      'ACCEPT',
      '-A INPUT -j mine-1',
      '-A INPUT -j f2b-sshd',
      '-A f2b-sshd -j RETURN',
      SSH,
    ).replace(':OUTPUT', ':mine-1 - [0:0]\n:f2b-sshd - [0:0]\n:OUTPUT')
    const { change } = plan({ canonical: { 4: saved, 6: '' } })
    expect(change?.want[4]).toContain(SSH)
    expect(change?.want[4]).not.toMatch(/f2b|mine/)
  })

  it('is refused where it would lock the controller out', () => {
    const closed = { canonical: { 4: filter('DROP'), 6: '' } }
    expect(codes(closed)).toContain('lockout-in')
    expect(plan(closed).verdict).toBe('refused')
    expect(plan(closed, true).verdict).toBe('change')
  })

  it.each([
    ['before-does-not-load', { canonical: undefined, loadErrors: new Map([['4', 'line 3 failed']]) }],
    ['host-lacks', { lacks: ['ipset'], canonical: undefined }],
    [
      'host-lacks',
      { lacks: ['sed'], canonical: undefined, before: { isTouched: false, files: [], isBooted: false } },
    ],
    [
      'host-busy',
      { guard: { nonce: 'n', run: 'r', who: 'w', since: 's', state: 'APPLIED-1-2', alive: true } },
    ],
    ['both-backends', { other: { 4: FLEETS, 6: '' } }],
  ] as const)('is refused: %s', (code, more) => {
    expect(plan(more).verdict).toBe('refused')
    expect(codes(more)).toContain(code)
  })
})
