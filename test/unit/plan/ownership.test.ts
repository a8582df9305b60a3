import { describe, expect, it } from 'vitest'
import { ownedNow } from '../../../src/plan/owned-now.ts'
import {
  findUnmanaged,
  KNOWN_FOREIGN,
  matchesAny,
  type Ownership,
  withoutContainerChains,
} from '../../../src/plan/ownership.ts'
import { sayRule } from '../../../src/plan/unmanaged.ts'
import { ownedLines } from '../../../src/ruleset/owned.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Table } from '../../../src/ruleset/ruleset.ts'

const NONE = parseSave('', 4)
const table = (...lines: readonly string[]) => parseSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`, 4)
const ownership = (some: Partial<Ownership>): Ownership => ({
  live: NONE,
  wanted: NONE,
  last: NONE,
  preserve: KNOWN_FOREIGN,
  replace: [],
  ...some,
})
const unmanaged = (some: Partial<Ownership>) => findUnmanaged(ownership(some)).map(sayRule)

describe('names of chains', () => {
  it.each([
    ['f2b-sshd', true],
    ['DOCKER', true],
    ['DOCKER-USER', true],
    ['sshguard', true],
    ['sshguard2', false],
    ['MYDOCKER', false],
    ['docker', false],
  ])('%s is known software: %s', (name, known) => {
    expect(matchesAny(name, KNOWN_FOREIGN)).toBe(known)
  })

  it('match a star in the middle only if both ends fit without overlap', () => {
    expect(matchesAny('a-b', ['a-*-b'])).toBe(false)
    expect(matchesAny('a-x-b', ['a-*-b'])).toBe(true)
  })
})

describe('what fleet did not make', () => {
  const live = table(
    ':INPUT DROP [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':MINE - [0:0]',
    ':LONELY - [0:0]',
    ':f2b-sshd - [0:0]',
    '-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd',
    '-A INPUT -j MINE',
    '-A INPUT -s 192.0.2.9/32 -j DROP',
    '-A f2b-sshd -j RETURN',
    '-A MINE -j RETURN',
  )

  it('is every rule, policy and chain that nobody wants or knows', () => {
    expect(unmanaged({ live })).toEqual([
      '-P INPUT DROP',
      '-A INPUT -j MINE',
      '-A INPUT -s 192.0.2.9/32 -j DROP',
      '-N MINE',
      '-N LONELY',
    ])
  })

  it('is not what is wanted, nor what the last generation says', () => {
    const wanted = table(':INPUT DROP [0:0]', '-A INPUT -s 192.0.2.9/32 -j DROP')
    const last = table(':INPUT DROP [0:0]', ':MINE - [0:0]', ':LONELY - [0:0]', '-A INPUT -j MINE')
    expect(unmanaged({ live, wanted, last })).toEqual([])
  })

  it('is not what the operator named', () => {
    expect(unmanaged({ live, preserve: [...KNOWN_FOREIGN, 'MINE'], replace: ['LON*'] })).toEqual([
      '-P INPUT DROP',
      '-A INPUT -s 192.0.2.9/32 -j DROP',
    ])
  })

  it('is also what stands in a chain that a role wants for itself', () => {
    const wanted = table(
      ':INPUT DROP [0:0]',
      ':MINE - [0:0]',
      '-A INPUT -j MINE',
      '-A MINE -s 198.51.100.1/32 -j DROP',
    )
    const theirs = findUnmanaged(ownership({ live, wanted })).filter(one => one.inWantedChain)
    expect(theirs.map(sayRule)).toEqual(['-A MINE -j RETURN'])
    expect(unmanaged({ live, wanted, last: wanted })).not.toContain('-A MINE -j RETURN')
    expect(unmanaged({ live, wanted, replace: ['MINE'] })).not.toContain('-A MINE -j RETURN')
  })

  it('is not what a container runtime has in its chains', () => {
    const docker = table(
      ':FORWARD DROP [0:0]',
      ':DOCKER-USER - [0:0]',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -o docker0 -j ACCEPT',
    )
    expect(unmanaged({ live: docker })).toEqual([])
  })
})

describe('what is owned now', () => {
  const wanted = table(':INPUT DROP [0:0]', '-A INPUT -i lo -j ACCEPT')
  const live = table(
    ':INPUT ACCEPT [0:0]',
    ':f2b-sshd - [0:0]',
    ':MINE - [0:0]',
    '-A INPUT -j f2b-sshd',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -s 192.0.2.9/32 -j DROP',
    '-A INPUT -j MINE',
    '-A MINE -j RETURN',
  )
  const owned = (some: Partial<Ownership>, takeAll = false) =>
    ownedLines(ownedNow(ownership({ live, wanted, ...some }), takeAll))

  it('is what is wanted and already there, with the policy as it is', () => {
    expect(owned({})).toEqual(['filter :INPUT ACCEPT', 'filter -A INPUT -i lo -j ACCEPT'])
  })

  it('is also what the operator lets go of, but never what is preserved', () => {
    expect(owned({}, true)).toEqual([
      'filter :INPUT ACCEPT',
      'filter -A INPUT -i lo -j ACCEPT',
      'filter -A INPUT -s 192.0.2.9/32 -j DROP',
    ])
  })

  it('is also a chain that is to be replaced, with the jumps to it', () => {
    expect(owned({ replace: ['MINE'] })).toEqual([
      'filter :INPUT ACCEPT',
      'filter -A INPUT -i lo -j ACCEPT',
      'filter -A INPUT -j MINE',
      'filter :MINE -',
      'filter -A MINE -j RETURN',
    ])
  })

  it('is an owned chain whole, whoever put the rules there', () => {
    expect(owned({ wanted: table(':MINE - [0:0]') })).toContain('filter -A MINE -j RETURN')
  })
})

describe('beside a container runtime', () => {
  const rule = (role: string) => ({ text: '-j ACCEPT', role })
  const wanted = {
    family: 4 as const,
    tables: new Map<string, Table>([
      [
        'filter',
        new Map([
          ['INPUT', { name: 'INPUT', policy: 'DROP' as const, rules: [rule('base')] }],
          ['FORWARD', { name: 'FORWARD', policy: 'DROP' as const, rules: [rule('base'), rule('router')] }],
        ]),
      ],
      ['nat', new Map([['POSTROUTING', { name: 'POSTROUTING', policy: null, rules: [rule('nat')] }]])],
    ]),
  }

  const live = (policy: 'ACCEPT' | 'DROP') => ({
    family: 4 as const,
    tables: new Map<string, Table>([
      ['filter', new Map([['FORWARD', { name: 'FORWARD', policy, rules: [] }]])],
    ]),
  })

  it('only roles of the user speak of FORWARD, raw and nat', () => {
    const kept = withoutContainerChains(wanted, live('ACCEPT'), role => role !== 'router')
    expect([...kept.tables.keys()]).toEqual(['filter'])
    expect(kept.tables.get('filter')?.get('FORWARD')).toEqual({
      name: 'FORWARD',
      policy: null,
      rules: [rule('router')],
    })
    expect(kept.tables.get('filter')?.get('INPUT')?.policy).toBe('DROP')
  })

  it('a boot forwards nothing where the role and the runtime both say DROP', () => {
    const kept = withoutContainerChains(wanted, live('DROP'), () => true)
    expect(kept.tables.get('filter')?.get('FORWARD')).toEqual({ name: 'FORWARD', policy: 'DROP', rules: [] })
    expect([...kept.tables.keys()]).toEqual(['filter'])
  })
})
