import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import { ask, type Other, SETS, SYN, verdict } from './ask.ts'

describe('a packet goes through the chains', () => {
  it('to the policy when nothing matches', () => {
    const { verdict, rules } = ask([':INPUT DROP', '-A INPUT -p udp -j ACCEPT'])
    expect(verdict).toBe('drop')
    expect(rules).toEqual([{ table: 'filter', chain: 'INPUT', text: ':INPUT DROP' }])
  })

  it('to the first rule that says what becomes of it', () => {
    const lines = [
      '-A INPUT -j LOG',
      '-A INPUT',
      '-A INPUT -p tcp -j REJECT --reject-with tcp-reset',
      '-A INPUT -j DROP',
    ]
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('reject')
    expect(rules.map(({ chain, text }) => `${chain} ${text}`)).toEqual([
      'INPUT -p tcp -j REJECT --reject-with tcp-reset',
    ])
  })

  it('into user chains and back', () => {
    const chain = ['-A MINE -p udp -j DROP', '-A MINE -p tcp -j RETURN', '-A MINE -j DROP']
    expect(verdict(['-A INPUT -j MINE', '-A INPUT -j ACCEPT', ...chain])).toBe('accept')
    expect(verdict(['-A INPUT -j MINE', '-A INPUT -j REJECT', '-A MINE -p udp -j ACCEPT'])).toBe('reject')
  })

  it('with goto back to where the caller was called from', () => {
    const lines = ['-A INPUT -j A', '-A INPUT -j ACCEPT', '-A A -g B', '-A A -j DROP', '-A B -p udp -j DROP']
    expect(verdict([':INPUT DROP', ...lines])).toBe('accept')
    expect(verdict([':INPUT DROP', '-A INPUT -g B', '-A INPUT -j ACCEPT', '-A B -p udp -j ACCEPT'])).toBe(
      'drop',
    )
  })

  it('with RETURN in a built-in chain to the policy', () => {
    expect(verdict([':INPUT DROP', '-A INPUT -p tcp -j RETURN', '-A INPUT -j ACCEPT'])).toBe('drop')
  })

  it('through every table, where ACCEPT only hands it on', () => {
    const raw = (line: string) => [['raw', [line], 4]] as Other[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, raw('-A PREROUTING -s 192.0.2.0/24 -j DROP'))).toBe('drop')
    expect(verdict(['-A INPUT -j DROP'], {}, raw('-A PREROUTING -j ACCEPT'))).toBe('drop')
    const mangle = [['mangle', [':INPUT DROP'], 4]] as Other[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, mangle)).toBe('drop')
  })

  it('forward and out by the chains of those ways', () => {
    const lines = [':INPUT DROP', ':OUTPUT DROP', '-A FORWARD -i eth0 -o eth1 -j REJECT']
    expect(verdict(lines, { hook: 'forward', outInterface: 'eth1' })).toBe('reject')
    expect(verdict(lines, { hook: 'forward', outInterface: 'eth2' })).toBe('accept')
    expect(verdict(lines, { hook: 'output', outInterface: 'eth1' })).toBe('drop')
  })
})

describe('what is not known', () => {
  it('does not matter when both ways end the same', () => {
    expect(verdict(['-A INPUT -m mark --mark 1 -j ACCEPT', '-A INPUT -j ACCEPT'])).toBe('accept')
    expect(verdict([':INPUT DROP', '-A INPUT -m limit --limit 1/s -j DROP'])).toBe('drop')
    expect(verdict(['-A INPUT -m limit --limit 1/s -j LOG', '-A INPUT -j ACCEPT'])).toBe('accept')
  })

  it('is unknown when they differ, with the rule named', () => {
    const { inInterface: _, ...unsaid } = SYN
    const ruleset = parseSave('*filter\n:INPUT DROP\n-A INPUT -i eth1 -j ACCEPT\nCOMMIT\n', 4)
    const { verdict, rules } = evaluate(ruleset, unsaid, { sets: SETS })
    expect(verdict).toBe('unknown')
    expect(rules.map(({ text }) => text)).toEqual(['-i eth1 -j ACCEPT', ':INPUT DROP'])
  })

  it('is conditional when only a rate decides', () => {
    const lines = ['-A INPUT -m recent --update --seconds 60 --hitcount 4 -j DROP', '-A INPUT -j ACCEPT']
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('conditional')
    expect(rules[0]?.text).toContain('recent')
  })

  it('stays unknown when a rate comes on top', () => {
    const doubts = ['-A INPUT -m mark --mark 1 -j DROP', '-A INPUT -m limit --limit 1/s -j DROP']
    expect(verdict(doubts)).toBe('unknown')
    expect(verdict(doubts.toReversed())).toBe('unknown')
  })

  it('is closed when a rate only decides how', () => {
    expect(verdict([':INPUT DROP', '-A INPUT -m limit --limit 1/s -j REJECT'])).toBe('drop')
  })

  it('is conditional when the worst that can happen is the rate', () => {
    const limited = '-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT'
    expect(verdict([':INPUT DROP', '-A INPUT -m mark --mark 1 -j ACCEPT', limited])).toBe('conditional')
    expect(verdict([':INPUT DROP', '-A INPUT -m mark --mark 1 -j DROP', limited])).toBe('unknown')
  })

  it('weakens all that follows a doubtful RETURN', () => {
    const lines = [
      '-A INPUT -j MINE',
      '-A INPUT -j DROP',
      '-A MINE -m limit --limit 1/s -j RETURN',
      '-A MINE -j ACCEPT',
    ]
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('conditional')
    expect(rules[0]?.text).toContain('RETURN')
  })

  it('includes a target that is not modelled, a missing chain and a loop', () => {
    expect(verdict(['-A INPUT -j NFQUEUE --queue-num 1'])).toBe('unknown')
    expect(verdict(['-A INPUT -j DOCKER-USER'])).toBe('unknown')
    expect(verdict(['-A INPUT -j A', '-A A -j B', '-A B -j A'])).toBe('unknown')
    expect(verdict(['-A INPUT -p udp -j NFQUEUE'])).toBe('accept')
  })

  it('includes where a rewritten packet goes', () => {
    const nat = [
      ['nat', ['-A PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 2222'], 4],
    ] as Other[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, nat)).toBe('unknown')
    expect(verdict(['-A INPUT -j ACCEPT'], { dport: 80 }, nat)).toBe('accept')
    expect(verdict(['-A INPUT -j ACCEPT'], { ctstate: 'ESTABLISHED' }, nat)).toBe('accept')
  })

  it('includes the state of an untracked packet', () => {
    const raw = [['raw', ['-A PREROUTING -p tcp -j CT --notrack'], 4]] as Other[]
    const lines = [':INPUT DROP', '-A INPUT -m conntrack --ctstate NEW -j ACCEPT']
    expect(verdict(lines)).toBe('accept')
    expect(verdict(lines, {}, raw)).toBe('unknown')
  })

  it('counts as INVALID in raw, where nothing is tracked yet', () => {
    const raw = [['raw', ['-A PREROUTING -m conntrack --ctstate NEW -j DROP'], 4]] as Other[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, raw)).toBe('accept')
  })
})
