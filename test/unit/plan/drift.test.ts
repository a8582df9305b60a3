import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/host/observation.ts'
import { changedSince, type Drift, driftOf, isUnderWay } from '../../../src/plan/drift.ts'
import { makerOfChain } from '../../../src/plan/maker.ts'
import { KNOWN_FOREIGN } from '../../../src/plan/ownership.ts'
import {
  ask,
  both,
  CONFIRMED,
  disk,
  generation,
  guard,
  live4,
  look,
  ORIGIN,
  OWN,
  SSH,
  save,
  WEB,
} from './drift-question.ts'

const changed = (lines: Drift['live']) =>
  lines.filter(({ kind }) => kind !== ' ').map(({ kind, text }) => `${kind}${text}`)
const STRAY = '-A INPUT -s 203.0.113.9/32 -j ACCEPT'

describe('the drift of a host', () => {
  it('is none where live, disk and what would be rendered are what was confirmed', () => {
    const drift = driftOf(ask())
    expect(drift).toMatchObject({ kinds: [], pending: false, findings: [], live: [], disk: [], rendered: [] })
    expect(drift.generation).toEqual({ number: 4, origin: ORIGIN })
  })

  it.each<[string, string, string[]]>([
    ['a rule that is gone', save([SSH, OWN, ...CONFIRMED.slice(3)]), [`-${WEB}`]],
    ['a rule that was changed', save([SSH, ...CONFIRMED.slice(2)]), [`-${WEB}`]],
    ['another order', save([WEB, SSH, ...CONFIRMED.slice(2)]), [`-${SSH}`, `+${SSH}`]],
    ['a rule twice', save([SSH, SSH, ...CONFIRMED.slice(1)]), [`+${SSH}`]],
    ['a policy', save(CONFIRMED, 'ACCEPT'), ['-:INPUT DROP', '+:INPUT ACCEPT']],
    [
      'a rule of nobody in a chain of its own',
      save([...CONFIRMED, '-A own -j ACCEPT']),
      ['+-A own -j ACCEPT'],
    ],
    ['a chain that was emptied', save(CONFIRMED.slice(0, 3)), ['--A own -s 192.0.2.0/24 -j DROP']],
  ])('is of rules: %s', (_, text, expected) => {
    const drift = driftOf(ask(live4(text)))
    expect(drift.kinds).toEqual(['rules'])
    expect(changed(drift.live)).toEqual(expected)
    expect(drift.live.every(({ family }) => family === 4)).toBe(true)
    expect(drift.findings.map(({ code }) => code)).toEqual(['drift-rules'])
  })

  it('shows a stranger in a chain that fleet keeps where it stands, and counts it', () => {
    const drift = driftOf(ask(live4(save([SSH, STRAY, ...CONFIRMED.slice(1)]))))
    expect(drift.kinds).toEqual(['strangers'])
    expect(changed(drift.live)).toEqual([`+${STRAY}`])
    expect(drift.live.map(({ text }) => text)).toEqual([':INPUT DROP', SSH, STRAY, WEB, OWN])
    expect(drift.findings).toMatchObject([{ code: 'drift-strangers', args: { rules: [STRAY] } }])
  })

  it('shows strangers elsewhere without counting them', () => {
    const nat =
      '*nat\n:POSTROUTING ACCEPT [0:0]\n:mine - [0:0]\n-A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE\nCOMMIT\n'
    const drift = driftOf(ask(live4(save(CONFIRMED) + nat)))
    expect(drift).toMatchObject({ kinds: [], live: [], findings: [] })
    expect(drift.strangers.map(({ chain, counts }) => [chain, counts])).toEqual([
      ['POSTROUTING', false],
      ['mine', false],
    ])
  })

  it('leaves known software alone, names it, and names who a stranger looks like', () => {
    const beside = [':f2b-sshd - [0:0]', ':ufw-user - [0:0]', ':own - [0:0]', ':kept - [0:0]']
    const jumps = ['-A INPUT -p tcp -j f2b-sshd', '-A INPUT -j kept', '-A INPUT -j ufw-user']
    const drift = driftOf(
      ask(live4(save([...jumps, ...CONFIRMED, '-A f2b-sshd -j RETURN'], 'DROP', beside)), CONFIRMED, [
        'kept',
      ]),
    )
    expect(changed(drift.live)).toEqual(['+-A INPUT -j ufw-user'])
    expect(drift.makers).toEqual(['fail2ban', 'ufw'])
    expect(drift.strangers.filter(({ counts }) => counts)).toMatchObject([
      { text: '-j ufw-user', maker: 'ufw' },
    ])
    expect(KNOWN_FOREIGN.filter(glob => makerOfChain(glob) === undefined)).toEqual(['FLEET-*'])
  })

  it('lets a container runtime have FORWARD', () => {
    const docker = save([...CONFIRMED, '-A FORWARD -j DOCKER-USER'], 'DROP', [
      ':own - [0:0]',
      ':DOCKER-USER - [0:0]',
    ]).replace(':FORWARD DROP', ':FORWARD ACCEPT')
    expect(driftOf(ask(live4(docker))).kinds).toEqual([])
  })

  it.each<[string, Partial<Observation>, string]>([
    ['unlinked', { ...disk({ linked: false }), boots: both(save(CONFIRMED)) }, 'drift-unlinked'],
    ['plugins', disk({ plugins: false }), 'drift-plugins'],
    ['disabled', disk({ enabled: false }), 'drift-disabled'],
    ['damaged', disk({ whole: false, damaged: ['ipsets'] }), 'drift-damaged'],
    ['sets', disk({ changedSets: [{ name: 'fleet4-a', missing: 1, added: 0 }] }), 'drift-sets'],
    ['uninstalled', { ...disk({ enabled: false }), persistent: false }, 'drift-uninstalled'],
    ['uninstalled', { lacks: ['iptables'], generation: generation({ number: 0 }) }, 'drift-uninstalled'],
    ['never-applied', disk({ number: 0, rules: both('') }), 'drift-never-applied'],
    [
      'unstored',
      { ...disk({ whole: false, linked: false, plugins: false }), ...guard('CONFIRMED-1', false) },
      'drift-unstored',
    ],
    ['unstored', { ...disk({ number: 0 }), ...guard('CONFIRMED-1', false) }, 'drift-unstored'],
    ['unfinished', guard('APPLIED-1-2', false), 'drift-unfinished'],
    ['unfinished', guard('STUCK-x', true), 'drift-unfinished'],
    ['others', { managers: [{ name: 'ufw' }] }, 'other-manager'],
    [
      'others',
      { natives: ['ip filter INPUT'], live: both("# Table `filter' is incompatible") },
      'native-nft',
    ],
  ])('is %s, from %j', (kind, seen, code) => {
    const drift = driftOf(ask(seen))
    expect(drift.kinds).toEqual([kind])
    expect(drift.findings.map(one => one.code)).toEqual([code])
  })

  it('shows what a file says that stands in the place of a link', () => {
    const boots = { 4: save([SSH, STRAY, OWN, ...CONFIRMED.slice(3)]), 6: save(CONFIRMED) }
    const drift = driftOf(ask({ ...disk({ linked: false }), boots }))
    expect(changed(drift.disk)).toEqual([`-${WEB}`, `+${STRAY}`])
  })

  it('shows what a damaged file says beside what is live, and does not believe it', () => {
    const rules = { 4: save([SSH, OWN, STRAY, ...CONFIRMED.slice(3)]), 6: save(CONFIRMED) }
    const drift = driftOf(ask(disk({ whole: false, damaged: ['rules.v4'], rules })))
    expect(drift.kinds).toEqual(['damaged'])
    expect(drift.pending, 'nobody knows what was confirmed there').toBeUndefined()
    expect(changed(drift.disk)).toEqual([`-${WEB}`, `+${STRAY}`])
  })

  it('tells what is pending of a damaged host by its other files, and else that nobody knows', () => {
    const other = [SSH, OWN, ...CONFIRMED.slice(3)]
    const pending = (damaged: string[], rendered = other) => {
      const drift = driftOf(ask(disk({ whole: false, damaged }), rendered))
      return [drift.pending, ...changed(drift.rendered)]
    }
    expect(pending(['rules.v4'])).toEqual([true, `-${WEB}`])
    expect(pending(['ipsets'])).toEqual([true, `-${WEB}`, `-${WEB}`])
    expect(pending(['ipsets'], CONFIRMED)).toEqual([undefined])
    expect(pending(['meta.json'])).toEqual([undefined])
    expect(pending(['rules.v4', 'rules.v6'])).toEqual([undefined])
  })

  it('does not say that nothing is pending where there is nothing to hold it against', () => {
    const nft = { natives: ['ip filter INPUT'], live: both("# Table `filter' is incompatible") }
    for (const seen of [nft, { lacks: ['iptables'] }, disk({ number: 0, rules: both('') })])
      expect(driftOf(ask(seen)).pending).toBeUndefined()
    expect(driftOf(ask({})).pending).toBe(false)
  })

  it('says of a damaged file that it cannot be read', () => {
    const rules = { 4: `${save(CONFIRMED)}garbage\n`, 6: save(CONFIRMED) }
    const { findings } = driftOf(ask(disk({ whole: false, damaged: ['rules.v4'], rules })))
    expect(findings).toMatchObject([
      { code: 'drift-damaged', args: { files: ['/etc/iptables/fleet/current/rules.v4'] } },
      { code: 'save-unreadable', severity: 'warning', at: { file: '/etc/iptables/rules.v4' } },
    ])
  })

  it('is not what is pending: other rules to be rendered, or such as do not load', () => {
    const drift = driftOf(ask({}, [SSH, OWN, ...CONFIRMED.slice(3)]))
    expect(drift).toMatchObject({ kinds: [], pending: true, live: [] })
    expect(changed(drift.rendered)).toEqual([`-${WEB}`, `-${WEB}`])
    const errors = new Map([['4', 'line 2 failed']])
    expect(driftOf(ask({ canonical: undefined, loadErrors: errors }))).toMatchObject({
      kinds: [],
      pending: true,
      findings: [{ code: 'candidate-does-not-load' }],
    })
    expect(driftOf(ask({ canonical: undefined, asConfirmed: true })).pending).toBe(false)
  })
})

describe('a change that is being made', () => {
  it.each([
    [true, guard('APPLIED-1-2', true)],
    [true, guard('', true)],
    [true, { arming: true }],
    [false, guard('APPLIED-1-2', false)],
    [false, guard('STUCK-x', true)],
    [false, guard('PERSISTED-x', true)],
    [false, {}],
  ])('%s: %j', (expected, seen) => {
    expect(isUnderWay(look(seen))).toBe(expected)
  })
})

describe('the time in which somebody changed it', () => {
  const at = Date.parse('2026-01-03T00:00:00.000Z')
  it.each<[string, Partial<Observation>, string | undefined]>([
    ['begins when it was confirmed', live4(save([])), ORIGIN.made],
    ['begins with the boot after', { ...live4(save([])), up: 3_600_000 }, '2026-01-02T23:00:00.000Z'],
    ['not with a boot before', { ...live4(save([])), up: 9e8 }, ORIGIN.made],
    ['not with a boot that loaded other files', { ...disk({ enabled: false }), up: 3_600_000 }, ORIGIN.made],
    ['is unknown', disk({ number: 0, rules: both('') }), undefined],
  ])('%s', (_, seen, since) => {
    expect(changedSince(driftOf(ask(seen)), at)).toBe(since)
  })
})
