import * as fc from 'fast-check'
import { ownedLines, project } from '../../../src/ruleset/owned.ts'
import type { Chain, Policy, Ruleset, Table } from '../../../src/ruleset/ruleset.ts'
import { isBuiltIn } from '../../../src/ruleset/ruleset.ts'

/** Texts that iptables-save gives back as they are, in every chain, family and backend; few, so that some come twice. */
const OWNED = [
  '-m mark --mark 0x1/0xff -j ACCEPT',
  '-p tcp -m tcp --dport 22 -j ACCEPT',
  '-p tcp -m tcp --dport 80 -m comment --comment "the \\"old\\" web" -j ACCEPT',
  '-p udp -m udp --dport 53 -m limit --limit 5/sec -j ACCEPT',
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-p tcp -m multiport --dports 80,443 -j DROP',
  '-m comment --comment bare',
  '-j DROP',
]
const FOREIGN = [
  '-j DOCKER-USER',
  '-p tcp -m multiport --dports 22 -j f2b-sshd',
  '-p tcp -m tcp --dport 8080 -j ACCEPT',
  '-m addrtype --dst-type LOCAL -j DOCKER-USER',
  '-m comment --comment "by hand, -j OWN1" -j RETURN',
]
const MINE = ['OWN1', 'OWN2', 'OWN3']
const BUILT_IN_OF: Record<string, string[]> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  raw: ['PREROUTING', 'OUTPUT'],
}

export interface World {
  readonly live: Ruleset
  readonly now: Ruleset
  readonly wanted: Ruleset
}

const policy = fc.constantFrom<Policy>('ACCEPT', 'DROP')
const rules = (texts: readonly string[], max: number) =>
  fc.array(fc.constantFrom(...texts), { maxLength: max }).map(list => list.map(text => ({ text })))

const chain = (name: string, built: boolean, texts: readonly string[], max = 6): fc.Arbitrary<Chain> =>
  fc
    .tuple(policy, rules(texts, max))
    .map(([policy, rules]) => ({ name, policy: built ? policy : null, rules }))

/** The owned part of one table: some user chains, and rules that may jump to them. */
function ownedTable(name: string): fc.Arbitrary<Table> {
  return fc.subarray(MINE).chain(mine => {
    const jumps = mine.map(target => `-p tcp -j ${target}`)
    return fc
      .tuple(
        fc
          .subarray(BUILT_IN_OF[name] ?? [])
          .chain(names => fc.tuple(...names.map(name => chain(name, true, [...OWNED, ...jumps])))),
        fc.tuple(
          // A chain jumps only to later ones: the kernel refuses loops.
          ...mine.map(name =>
            chain(name, false, [...OWNED, ...jumps.filter(jump => (jump.split('-j ')[1] ?? '') > name)], 3),
          ),
        ),
      )
      .map(([builtIn, user]) => new Map([...builtIn, ...user].map(chain => [chain.name, chain])))
  })
}

const ruleset = (tables: fc.Arbitrary<Table>[], names: string[]): fc.Arbitrary<Ruleset> =>
  fc.tuple(...tables).map(list => ({
    family: 4 as const,
    tables: new Map(
      list.map((table, at) => [names[at] ?? '', table] as const).filter(([, table]) => table.size > 0),
    ),
  }))

const owned = ruleset([ownedTable('filter'), ownedTable('raw')], ['filter', 'raw'])

/** Puts foreign rules, and jumps from them to owned chains, between the owned ones. */
function withForeign(now: Ruleset): fc.Arbitrary<Ruleset> {
  return fc.infiniteStream(fc.nat()).map(stream => {
    const dice = (sides: number) => stream.next().value % sides
    const tables = new Map<string, Table>()
    for (const name of ['filter', 'raw']) {
      const table = now.tables.get(name)
      if (!table && dice(2) === 0) continue
      tables.set(name, foreignTable(name, table ?? new Map(), dice))
    }
    return { family: 4 as const, tables }
  })
}

function foreignTable(name: string, owned: Table, dice: (sides: number) => number): Table {
  const mine = [...owned.keys()].filter(chain => MINE.includes(chain))
  const foreign = [...FOREIGN, ...mine.map(chain => `-p udp -m udp --dport 7 -j ${chain}`)]
  const table = new Map<string, Chain>()
  for (const builtIn of BUILT_IN_OF[name] ?? []) {
    const had = owned.get(builtIn)
    const rules = [...(had?.rules ?? [])]
    for (let more = dice(4); more > 0; more--) {
      rules.splice(dice(rules.length + 1), 0, { text: foreign[dice(foreign.length)] ?? '' })
    }
    table.set(builtIn, { name: builtIn, policy: had?.policy ?? (dice(2) ? 'DROP' : 'ACCEPT'), rules })
  }
  for (const chain of owned.values()) if (!isBuiltIn(name, chain.name)) table.set(chain.name, chain)
  for (const other of ['DOCKER-USER', 'f2b-sshd']) {
    table.set(other, { name: other, policy: null, rules: [{ text: '-j RETURN' }] })
  }
  return table
}

/** Live rules of some software and of fleet, what fleet owns of them, and what it wants next. */
export const worlds: fc.Arbitrary<World> = fc
  .tuple(
    owned.chain(now => fc.tuple(fc.constant(now), withForeign(now))),
    owned,
  )
  .map(([[now, live], wanted]) => ({
    live,
    wanted,
    now: project(live, new Set([...ownedLines(now), ...ownedLines(wanted)])),
  }))
