import type { Observation } from '../host/observation.ts'
import { FAMILIES, type Family } from '../model/family.ts'
import { type DiffLine, diff, isEqual } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import type { Chain, Ruleset, Table } from '../ruleset/ruleset.ts'
import { onceForAlike, withoutCounters } from './alike.ts'
import { makerOfRule, makersIn } from './maker.ts'
import { ownedNow } from './owned-now.ts'
import {
  findUnmanaged,
  hasContainerRuntime,
  KNOWN_FOREIGN,
  type Unmanaged,
  withoutContainerPolicies,
} from './ownership.ts'

/** A rule, chain or policy that no generation says, and that isn't known software's. */
export interface Stranger extends Unmanaged {
  readonly family: Family
  /** It stands in a chain that fleet keeps, where it decides what becomes of fleet's packets. */
  readonly counts: boolean
  readonly maker?: string
}

/** The live rules against those of a generation. */
export interface LiveDrift {
  /** Of what the generation says, something is missing, in another order, or there twice. */
  readonly differs: boolean
  /** From the generation to what is live; strangers that count are in it, where they stand. */
  readonly diff: readonly DiffLine[]
  readonly strangers: readonly Stranger[]
  /** Known software that has chains of its own there. */
  readonly makers: readonly string[]
}

type Seen = Pick<Observation, 'live' | 'generation'>

const onceForKind = onceForAlike<LiveDrift>()

/** Families whose file is damaged are left out: nobody knows what was confirmed there. */
export function compareLive({ live, generation }: Seen, preserve: readonly string[]): LiveDrift {
  const families = FAMILIES.filter(family => !isDamaged(generation, family))
  const texts = families.flatMap(family => [generation.rules[family], withoutCounters(live[family])])
  return onceForKind([families.join(), preserve.join('\n'), ...texts], () => {
    const all = families.map(family => {
      const said = parseRestore(generation.rules[family], family, `/etc/iptables/rules.v${family}`)
      return compareTo(said, parseSave(live[family], family), preserve)
    })
    return {
      differs: all.some(({ differs }) => differs),
      diff: all.flatMap(one => one.diff),
      strangers: all.flatMap(one => one.strangers),
      makers: [...new Set(all.flatMap(one => one.makers))].toSorted(),
    }
  })
}

export const isDamaged = ({ damaged = [] }: Observation['generation'], family: Family): boolean =>
  damaged.includes('meta.json') || damaged.includes(`rules.v${family}`)

/** What a save has of what was confirmed, and beside it. */
export function compareTo(confirmed: Ruleset, live: Ruleset, preserve: readonly string[]): LiveDrift {
  const { family } = confirmed
  const last = hasContainerRuntime(live) ? withoutContainerPolicies(confirmed) : confirmed
  const wanted: Ruleset = { family, tables: new Map() }
  const ownership = { live, wanted, last, preserve: [...KNOWN_FOREIGN, ...preserve], replace: [] }
  const now = ownedNow(ownership, false)
  const isKept = ({ table, chain }: Unmanaged) => confirmed.tables.get(table)?.has(chain) ?? false
  const strangers = findUnmanaged(ownership).map(one => {
    const maker = makerOfRule(one.chain, one.text)
    return { ...one, family, counts: isKept(one), ...(maker === undefined ? {} : { maker }) }
  })
  return {
    differs: !isEqual(last, now),
    diff: diff(last, withStrangers(now, live, strangers)),
    strangers,
    makers: makersIn(live),
  }
}

/** What is owned, and in the same chains those strangers, in the order in which they are met. */
function withStrangers(now: Ruleset, live: Ruleset, strangers: readonly Stranger[]): Ruleset {
  const strange = new Set(
    strangers.flatMap(({ table, chain, text }) => (text === undefined ? [] : [place(table, chain, text)])),
  )
  const tables = new Map<string, Table>()
  for (const [name, table] of now.tables) {
    const chains = [...table.values()].map((chain): [string, Chain] => {
      const mine = new Set(chain.rules.map(({ text }) => text))
      const all = live.tables.get(name)?.get(chain.name)?.rules ?? []
      const shown = all.filter(({ text }) => mine.has(text) || strange.has(place(name, chain.name, text)))
      return [chain.name, { ...chain, rules: shown }]
    })
    tables.set(name, new Map(chains))
  }
  return { ...now, tables }
}

const place = (table: string, chain: string, text: string) => `${table} ${chain} ${text}`
