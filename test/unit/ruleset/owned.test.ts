import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../../src/ruleset/canonical.ts'
import { ownedLines, parseOwned, project } from '../../../src/ruleset/owned.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'
import { filter, texts, wanted } from './build.ts'
import { worlds } from './worlds.ts'

describe('owned lines', () => {
  const ruleset = parseSave(
    '*raw\n:PREROUTING ACCEPT [1:2]\nCOMMIT\n*filter\n:OUTPUT ACCEPT [0:0]\n:INPUT DROP [0:0]\n:b - [0:0]\n:B - [0:0]\n' +
      '[1:2] -A INPUT -j b\n-A INPUT -i lo -j ACCEPT\n-A INPUT\nCOMMIT\n',
    4,
  )

  it('are sorted by table and chain as bytes, rules in their order, without counters', () => {
    expect(ownedLines(ruleset)).toEqual([
      'filter :B -',
      'filter :INPUT DROP',
      'filter -A INPUT -j b',
      'filter -A INPUT -i lo -j ACCEPT',
      'filter -A INPUT',
      'filter :OUTPUT ACCEPT',
      'filter :b -',
      'raw :PREROUTING ACCEPT',
    ])
  })

  it('are read back', () => {
    fc.assert(
      fc.property(worlds, ({ live }) => {
        const lines = ownedLines(live)
        expect(ownedLines(parseOwned(lines, 4))).toEqual(lines)
      }),
    )
  })

  it('leave out a policy that is not owned', () => {
    const table = new Map([['INPUT', { name: 'INPUT', policy: null, rules: [{ text: '-j DROP' }] }]])
    expect(ownedLines({ family: 4, tables: new Map([['filter', table]]) })).toEqual([
      'filter -A INPUT -j DROP',
    ])
  })
})

describe('the projection', () => {
  it('is the live lines that are in the set, in their live order', () => {
    fc.assert(
      fc.property(worlds, ({ live, wanted }) => {
        const set = new Set(ownedLines(wanted))
        expect(ownedLines(project(live, set))).toEqual(ownedLines(live).filter(line => set.has(line)))
      }),
    )
  })

  it('keeps a rule that is there twice twice', () => {
    const live = filter('-A INPUT -j DROP', '-A INPUT -i lo -j ACCEPT', '-A INPUT -j DROP')
    const owned = project(live, new Set(['filter -A INPUT -j DROP']))
    expect(texts(owned, 'INPUT')).toEqual(['-j DROP', '-j DROP'])
  })
})

describe('the canonical form', () => {
  const at = (line: number) => ({ at: { file: 'templates/web.hbs', line }, role: 'web' })

  it('is what the host saved of the chains that the candidate mentions, with their template lines', () => {
    const candidate: Ruleset = {
      family: 4,
      tables: new Map([
        [
          'filter',
          new Map([
            [
              'INPUT',
              {
                name: 'INPUT',
                policy: 'DROP' as const,
                rules: [
                  { text: '-s 192.0.2.1,192.0.2.2 -j ACCEPT', ...at(3) },
                  { text: '-m comment --comment "a,b" -j f2b', ...at(4) },
                ],
              },
            ],
          ]),
        ],
      ]),
    }
    const saved = filter(
      ':INPUT DROP',
      ':f2b -',
      '-A INPUT -s 192.0.2.1/32 -j ACCEPT',
      '-A INPUT -s 192.0.2.2/32 -j ACCEPT',
      '-A INPUT -m comment --comment "a,b" -j f2b',
    )
    const result = canonical(saved, candidate)
    expect([...(result.tables.get('filter')?.keys() ?? [])]).toEqual(['INPUT'])
    expect(result.tables.get('filter')?.get('INPUT')?.rules).toEqual([
      { text: '-s 192.0.2.1/32 -j ACCEPT', ...at(3) },
      { text: '-s 192.0.2.2/32 -j ACCEPT', ...at(3) },
      { text: '-m comment --comment "a,b" -j f2b', ...at(4) },
    ])
  })

  it('tells no place rather than a wrong one', () => {
    const saved = filter('-A INPUT -p tcp -j DROP', '-A INPUT -p udp -j DROP')
    const candidate = wanted(':INPUT ACCEPT', '-A INPUT -p all -j DROP')
    expect(canonical(saved, candidate).tables.get('filter')?.get('INPUT')?.rules).toEqual([
      { text: '-p tcp -j DROP' },
      { text: '-p udp -j DROP' },
    ])
  })
})
