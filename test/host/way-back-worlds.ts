import * as fc from 'fast-check'

/** When something is said of a chain: by the rules before the change, by those of the change, by all of before, and now. */
type When = 'now' | 'want' | 'before' | 'live'

/** A chain of fleet's, or of others where neither NOW nor WANT says it; rules without `-A CHAIN`. */
export interface Place {
  readonly table: string
  readonly chain: string
  readonly isUser: boolean
  readonly is: Readonly<Record<When, boolean>>
  readonly rules: Readonly<Record<When, readonly string[]>>
  readonly policy: Readonly<Record<When, string>>
}

export type World = readonly Place[]

interface Kind {
  readonly table?: string
  readonly chain: string
  readonly says: readonly When[]
  readonly jumps?: readonly string[]
}

/** Chains that fleet had, has, or both; OUTPUT and its jumps are of others. */
const KINDS: readonly Kind[] = [
  { chain: 'INPUT', says: ['now', 'want'], jumps: ['OLD', 'KEPT', 'NEW'] },
  { chain: 'FORWARD', says: ['want'] },
  { chain: 'OUTPUT', says: [], jumps: ['OLD', 'NEW'] },
  { chain: 'OLD', says: ['now'] },
  { chain: 'KEPT', says: ['now', 'want'] },
  { chain: 'NEW', says: ['want'] },
  { table: 'nat', chain: 'POSTROUTING', says: ['want'] },
]
const BUILT_IN = /^[A-Z]+(PUT|WARD|ROUTING)$/

/** Few words, so that some come twice. */
const PORTS = [1, 2, 3, 4].map(port => `-p tcp -m tcp --dport ${port} -j RETURN`)
const NEIGHBOURS = [1, 2, 3, 4].map(last => `-s 203.0.113.${last}/32 -j RETURN`)
const NEWCOMERS = [1, 2].map(last => `-s 198.51.100.${last}/32 -j RETURN`)

type Dice = (sides: number) => number

export const worlds: fc.Arbitrary<World> = fc.infiniteStream(fc.nat()).map(stream => {
  const dice: Dice = sides => stream.next().value % sides
  const places = KINDS.map(kind => placeOf(dice, kind))
  const jumped = places.flatMap(({ rules }) => rules.live.map(rule => rule.split('-j ')[1]))
  return places.map(place => ({
    ...place,
    is: { ...place.is, live: place.is.live || jumped.includes(place.chain) },
  }))
})

function placeOf(dice: Dice, { table = 'filter', chain, says, jumps = [] }: Kind): Place {
  const isUser = !BUILT_IN.test(chain)
  const isTheirs = says.length === 0
  const wordsBut = (not: string) => [
    ...PORTS,
    ...jumps.filter(target => target !== not).map(target => `-j ${target}`),
  ]
  const now = says.includes('now') ? some(dice, wordsBut('NEW'), 5) : []
  const want = says.includes('want') ? mix(dice, keep(dice, now), some(dice, wordsBut('OLD'), 3)) : []
  const wasThere = says.includes('now') || isTheirs || dice(2) === 0
  const neighbours = wasThere ? some(dice, NEIGHBOURS, 4) : []
  const before = mix(dice, now, neighbours)
  const newcomers = some(dice, isTheirs ? [...NEWCOMERS, ...wordsBut('')] : NEWCOMERS, 2)
  const live = liveOf(
    dice,
    [before, mix(dice, want, neighbours), [...now, ...want, ...neighbours]],
    newcomers,
  )
  const policy = () => (isUser ? '-' : table === 'filter' ? pick(dice, ['ACCEPT', 'DROP']) : 'ACCEPT')
  return {
    table,
    chain,
    isUser,
    is: {
      now: says.includes('now'),
      want: says.includes('want'),
      before: wasThere,
      live: live.length > 0 || (table === 'filter' && !isUser) || dice(2) === 0,
    },
    rules: { now, want, before, live },
    policy: { now: policy(), want: policy(), before: policy(), live: policy() },
  }
}

/** As it was, as the change makes it, or no matter how; something may be gone, and newcomers may have come. */
function liveOf(dice: Dice, [before = [], changed = [], all = []]: readonly string[][], newcomers: string[]) {
  const base = pick(dice, [before, changed, some(dice, all, 8), shuffled(dice, before)])
  return mix(dice, dice(2) === 0 ? base : keep(dice, base), newcomers)
}

function pick<T>(dice: Dice, all: readonly [T, ...T[]]): T {
  return all[dice(all.length)] ?? all[0]
}
const keep = <T>(dice: Dice, all: readonly T[]): T[] => all.filter(() => dice(3) > 0)

const some = (dice: Dice, all: readonly string[], most: number): string[] =>
  Array.from({ length: dice(most + 1) }, () => dice(all.length)).flatMap(at => all[at] ?? [])

/** One list of two, each in its own order. */
function mix(dice: Dice, one: readonly string[], other: readonly string[]): string[] {
  const [left, right] = [[...one], [...other]]
  const mixed: string[] = []
  while (left.length + right.length > 0)
    mixed.push(...(dice(left.length + right.length) < left.length ? left : right).splice(0, 1))
  return mixed
}

const shuffled = (dice: Dice, all: readonly string[]): string[] =>
  all.reduce<string[]>((done, one) => done.toSpliced(dice(done.length + 1), 0, one), [])

/** Text for iptables-restore. Each live rule has a count of its own: one that is written anew loses it. */
export function printWorld(world: World, when: When): string {
  const said = world.filter(({ is }) => is[when])
  return [...new Set(said.map(({ table }) => table))]
    .map(table =>
      printTable(
        table,
        said.filter(place => place.table === table),
        when,
      ),
    )
    .join('')
}

function printTable(table: string, places: World, when: When): string {
  const chains = places.map(({ chain, policy }) => `:${chain} ${policy[when]} [0:0]`)
  const rules = places.flatMap(({ chain, rules }) =>
    rules[when].map((rule, at) => `${when === 'live' ? `[${at + 1}:7] ` : ''}-A ${chain} ${rule}`),
  )
  return [`*${table}`, ...chains, ...rules, 'COMMIT', ''].join('\n')
}
