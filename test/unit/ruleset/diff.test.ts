import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DiffLine, diff, isEqual } from '../../../src/ruleset/diff.ts'
import { ownedLines } from '../../../src/ruleset/owned.ts'
import { filter, wanted } from './build.ts'
import { worlds } from './worlds.ts'

const shown = (lines: readonly DiffLine[]) => lines.map(({ kind, text }) => `${kind}${text}`)

describe('a difference', () => {
  it('shows each chain that differs, with what stays as context', () => {
    const now = filter(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p tcp -j DROP')
    const will = filter(':INPUT DROP', ':MINE -', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p udp -j MINE')
    expect(shown(diff(now, will))).toEqual([
      '-:INPUT ACCEPT',
      '+:INPUT DROP',
      ' -A INPUT -i lo -j ACCEPT',
      '--A INPUT -p tcp -j DROP',
      '+-A INPUT -p udp -j MINE',
      '+:MINE -',
    ])
  })

  it('shows chains that come and go', () => {
    const lines = diff(wanted(':OLD -', '-A OLD -j DROP'), wanted(':NEW -', '-A NEW -j DROP'))
    expect(shown(lines)).toEqual(['-:OLD -', '--A OLD -j DROP', '+:NEW -', '+-A NEW -j DROP'])
    expect(lines[3]).toMatchObject({ family: 4, table: 'filter', chain: 'NEW' })
  })

  it('knows the template line of a rule that comes or stays', () => {
    const rule = { text: '-j DROP', at: { file: 'templates/web.hbs', line: 4 } }
    const chain = (policy: 'ACCEPT' | 'DROP') =>
      new Map([['INPUT', { name: 'INPUT', policy, rules: [rule] }]])
    const will = { family: 4 as const, tables: new Map([['filter', chain('DROP')]]) }
    const line = diff(wanted(':INPUT ACCEPT', '-A INPUT -j DROP'), will).at(-1)
    expect(line).toMatchObject({ kind: ' ', at: { file: 'templates/web.hbs', line: 4 } })
  })

  it('is none exactly when the owned lines are the same', () => {
    fc.assert(
      fc.property(worlds, ({ live, now, wanted }) => {
        expect(isEqual(live, live)).toBe(true)
        expect(isEqual(now, wanted)).toBe(ownedLines(now).join('\n') === ownedLines(wanted).join('\n'))
      }),
    )
  })

  it('adds up: what stays and goes was there, what stays and comes will be', () => {
    fc.assert(
      fc.property(worlds, ({ now, wanted }) => {
        const lines = diff(now, wanted)
        const rest = (kind: '+' | '-') =>
          lines.filter(line => line.kind !== kind).map(({ table, text }) => `${table} ${text}`)
        const differing = (line: string) =>
          lines.some(
            ({ table, chain }) =>
              line.startsWith(`${table} :${chain} `) || line.startsWith(`${table} -A ${chain} `),
          )
        expect(rest('+').toSorted()).toEqual(ownedLines(now).filter(differing).toSorted())
        expect(rest('-').toSorted()).toEqual(ownedLines(wanted).filter(differing).toSorted())
      }),
    )
  })

  it('of two long chains that have nothing in common is made without searching', () => {
    const rules = (protocol: string) =>
      Array.from({ length: 3000 }, (_, at) => `-A INPUT -p ${protocol} --dport ${at} -j DROP`)
    expect(diff(filter(...rules('tcp')), filter(...rules('udp')))).toHaveLength(6001)
  })
})
