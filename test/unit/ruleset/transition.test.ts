import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownedLines, project } from '../../../src/ruleset/owned.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'
import { change, transition } from '../../../src/ruleset/transition.ts'
import { filter, texts, wanted } from './build.ts'
import { simulate } from './simulate.ts'
import { worlds } from './worlds.ts'

/** Foreign software works on the host between observation and apply. */
function insertAtTop(live: Ruleset, text: string): Ruleset {
  const tables = [...live.tables].map(([name, table]) => {
    const chains = [...table.values()].map(chain =>
      chain.policy === null ? chain : { ...chain, rules: [{ text }, ...chain.rules] },
    )
    return [name, new Map(chains.map(chain => [chain.name, chain]))] as const
  })
  return { family: live.family, tables: new Map(tables) }
}

/** An empty table, as the kernel keeps one after its last rule went. */
const isBlank = (line: string) => / :\w+ ACCEPT$/.test(line)
const content = (ruleset: Ruleset) => ownedLines(ruleset).filter(line => !isBlank(line))
const foreignOf = (ruleset: Ruleset, mine: ReadonlySet<string>) =>
  ownedLines(ruleset).filter(line => line.includes(' -A ') && !mine.has(line))

describe('what a transition does', () => {
  it('brings the owned rules to the wanted ones and leaves the foreign ones', () => {
    fc.assert(
      fc.property(worlds, ({ live, now, wanted }) => {
        const after = simulate(live, transition(live, now, wanted).payload)
        expect(ownedLines(project(after, new Set(ownedLines(wanted))))).toEqual(ownedLines(wanted))
        const mine = new Set([...ownedLines(now), ...ownedLines(wanted)])
        const gone = new Set(['OWN1', 'OWN2', 'OWN3'])
        const inBuiltIn = (line: string) => !gone.has(line.split(' ')[2] ?? '')
        expect(foreignOf(after, mine).filter(inBuiltIn)).toEqual(foreignOf(live, mine).filter(inBuiltIn))
      }),
      { numRuns: 150 },
    )
  }, 60_000)

  it('is what the pure computation says it is, and undone to the byte', () => {
    fc.assert(
      fc.property(worlds, ({ live, now, wanted }) => {
        const both = change(live, now, wanted)
        const after = simulate(live, both.do.payload)
        expect(content(after)).toEqual(content(both.after))
        expect(content(simulate(after, both.undo.payload))).toEqual(content(live))
      }),
      { numRuns: 150 },
    )
  }, 60_000)

  it('is nothing the second time', () => {
    fc.assert(
      fc.property(worlds, ({ live, now, wanted }) => {
        const { after, do: first } = change(live, now, wanted)
        // A chain that a foreign rule holds stays owned until it can go: only empty ones are left of it.
        fc.pre(first.kept.length === 0)
        const owned = project(after, new Set(ownedLines(wanted)))
        expect(transition(after, owned, wanted).payload).toBe('')
      }),
    )
  })

  it('keeps the order of the owned rules when somebody inserts at the top meanwhile', () => {
    fc.assert(
      fc.property(worlds, ({ live, now, wanted }) => {
        const both = change(live, now, wanted)
        const newcomer = '-m comment --comment newcomer -j DOCKER-USER'
        const lines = new Set([...ownedLines(now), ...ownedLines(wanted)])
        fc.pre([...live.tables.values()].every(table => table.has('DOCKER-USER')))
        const after = simulate(insertAtTop(live, newcomer), both.do.payload)
        expect(ownedLines(project(after, new Set(ownedLines(wanted))))).toEqual(ownedLines(wanted))
        const back = simulate(after, both.undo.payload)
        expect(content(project(back, lines))).toEqual(content(project(live, lines)))
        expect(content(back).filter(line => line.includes('newcomer'))).toEqual(
          content(insertAtTop(live, newcomer)).filter(line => line.includes('newcomer')),
        )
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})

describe('where the owned rules go', () => {
  const jump = '-A INPUT -p tcp -j f2b-sshd'
  const docker = '-A INPUT -j DOCKER-USER'
  const isPreserved = (text: string) => text.includes('-j f2b-') || text.includes('-j DOCKER')
  const chains = [':f2b-sshd -', ':DOCKER-USER -']
  const nothing = wanted()

  it('behind the preserved jumps and before other foreign rules when none stood', () => {
    const live = filter(...chains, jump, docker, '-A INPUT -s 192.0.2.1/32 -j ACCEPT')
    const wish = wanted(':INPUT DROP', '-A INPUT -i lo -j ACCEPT', '-A INPUT -j DROP')
    const { after, do: forth } = change(live, nothing, wish, { isPreserved })
    expect(texts(after, 'INPUT')).toEqual([
      '-p tcp -j f2b-sshd',
      '-j DOCKER-USER',
      '-i lo -j ACCEPT',
      '-j DROP',
      '-s 192.0.2.1/32 -j ACCEPT',
    ])
    expect(forth.payload).toBe(
      '*filter\n:INPUT DROP [0:0]\n-I INPUT 3 -i lo -j ACCEPT\n-I INPUT 4 -j DROP\nCOMMIT\n',
    )
  })

  it('replaces only the tail when nothing foreign follows', () => {
    const live = filter(...chains, jump, '-A INPUT -i lo -j ACCEPT', '-A INPUT -p tcp -j DROP')
    const owned = wanted(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p tcp -j DROP')
    const wish = wanted(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p udp -j DROP')
    expect(transition(live, owned, wish).payload).toBe(
      '*filter\n-D INPUT -p tcp -j DROP\n-A INPUT -p udp -j DROP\nCOMMIT\n',
    )
  })

  it('makes all anew when a rule that goes says the same as one that stays', () => {
    const rules = ['-A INPUT -p tcp -j ACCEPT', '-A INPUT -p udp -j DROP', '-A INPUT -p tcp -j ACCEPT']
    const live = filter(...rules)
    const wish = wanted(':INPUT ACCEPT', ...rules.slice(0, 2))
    const { payload } = transition(live, wanted(':INPUT ACCEPT', ...rules), wish)
    expect(texts(simulate(live, payload), 'INPUT')).toEqual(['-p tcp -j ACCEPT', '-p udp -j DROP'])
  })

  it('makes the block where the first owned rule stood when foreign rules stand between', () => {
    const live = filter(
      ...chains,
      docker,
      '-A INPUT -i lo -j ACCEPT',
      '-A INPUT -s 192.0.2.1/32 -j ACCEPT',
      '-A INPUT -j DROP',
    )
    const owned = wanted(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -j DROP')
    const wish = wanted(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -j REJECT')
    expect(texts(change(live, owned, wish).after, 'INPUT')).toEqual([
      '-j DOCKER-USER',
      '-i lo -j ACCEPT',
      '-j REJECT',
      '-s 192.0.2.1/32 -j ACCEPT',
    ])
  })
})

describe('chains and policies', () => {
  it('keeps a chain that a foreign rule refers to, emptied, and says so', () => {
    const live = filter(':OLD -', '-A OLD -j DROP', '-A INPUT -j OLD', '-A FORWARD -s 192.0.2.1/32 -j OLD')
    const owned = wanted(':INPUT ACCEPT', ':OLD -', '-A OLD -j DROP', '-A INPUT -j OLD')
    const { after, do: forth, undo } = change(live, owned, wanted(':INPUT ACCEPT'))
    expect(forth.kept).toEqual(['filter OLD'])
    expect(texts(after, 'OLD')).toEqual([])
    expect(texts(simulate(after, undo.payload), 'OLD')).toEqual(['-j DROP'])
  })

  it('deletes a chain after the last rule that refers to it', () => {
    const live = filter(':OLD -', ':DEEP -', '-A OLD -j DEEP', '-A INPUT -j OLD')
    const { payload, kept } = transition(live, live, wanted(':INPUT ACCEPT'))
    expect(kept).toEqual([])
    expect([...(simulate(live, payload).tables.get('filter')?.keys() ?? [])]).toEqual([
      'INPUT',
      'FORWARD',
      'OUTPUT',
    ])
  })

  it('releases a built-in chain that nothing owned mentions any more', () => {
    const live = filter(':FORWARD DROP', '-A FORWARD -i eth1 -j ACCEPT', '-A FORWARD -j DOCKER-USER')
    const owned = wanted(':FORWARD DROP', '-A FORWARD -i eth1 -j ACCEPT')
    const { after, do: forth, undo } = change(live, owned, wanted())
    expect(forth.released).toEqual(['filter FORWARD'])
    expect(after.tables.get('filter')?.get('FORWARD')?.policy).toBe('ACCEPT')
    expect(texts(after, 'FORWARD')).toEqual(['-j DOCKER-USER'])
    expect(undo.payload).toBe('*filter\n:FORWARD DROP [0:0]\n-I FORWARD 1 -i eth1 -j ACCEPT\nCOMMIT\n')
  })

  it('gives back a policy that was not its own', () => {
    const live = filter(':INPUT DROP', '-A INPUT -j ACCEPT')
    const { after, undo } = change(live, wanted(), wanted(':INPUT ACCEPT', '-A INPUT -i lo -j ACCEPT'))
    expect(after.tables.get('filter')?.get('INPUT')?.policy).toBe('ACCEPT')
    expect(simulate(after, undo.payload).tables.get('filter')?.get('INPUT')?.policy).toBe('DROP')
  })

  it('says nothing of a table that does not change', () => {
    const live = filter(':INPUT DROP', '-A INPUT -i lo -j ACCEPT')
    expect(transition(live, live, live).payload).toBe('')
  })

  it('takes a table that was not there back to empty chains', () => {
    const none: Ruleset = { family: 4, tables: new Map() }
    const wish = wanted(':INPUT DROP', ':MINE -', '-A INPUT -j MINE', '-A MINE -j ACCEPT')
    const { after, undo } = change(none, none, wish)
    expect(content(simulate(after, undo.payload))).toEqual([])
  })
})
