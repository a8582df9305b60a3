import type { Place, World } from './way-back-worlds.ts'

/** A live rule: its words without `-A CHAIN`, and what has passed it. */
interface Rule {
  readonly text: string
  readonly count: number
}

/** What is live: the policy of each chain (`-`: one that somebody made), and its rules. */
export type Live = ReadonlyMap<string, { readonly policy: string; readonly rules: readonly Rule[] }>

/** `iptables-save -c` as chains by `TABLE CHAIN`. */
export function readLive(save: string): Live {
  const live = new Map<string, { policy: string; rules: Rule[] }>()
  let table = ''
  for (const line of save.split('\n')) {
    const [, name, policy = ''] = /^:(\S+) (\S+)/.exec(line) ?? []
    const [, count, chain, text = ''] = /^\[(\d+):\d+\] -A (\S+) (.*)$/.exec(line) ?? []
    if (line.startsWith('*')) table = line.slice(1)
    if (name) live.set(`${table} ${name}`, { policy, rules: [] })
    if (chain) live.get(`${table} ${chain}`)?.rules.push({ text, count: Number(count) })
  }
  return live
}

/** What is wrong with the rules that an undo of `met` led to. */
export const wrongsOf = (world: World, met: Live, then: Live): readonly string[] =>
  world.flatMap(place => {
    const key = `${place.table} ${place.chain}`
    const [old, is] = [rulesOf(met, key), rulesOf(then, key)]
    const own = (rules: readonly Rule[]) => rules.filter(({ text }) => isOwn(place, text))
    return [
      ...same(`${key} is`, then.get(key)?.policy ?? 'none', policyAfter(place, met, then)),
      ...same(`${key}: own rules`, textsOf(own(is)), place.rules.now),
      ...same(`${key}: rules of others`, others(place, is), others(place, old)),
      ...same(`${key}: stands`, standsOf(place, is), standsAfter(place, old)),
    ]
  })

const rulesOf = (live: Live, key: string) => live.get(key)?.rules ?? []

function same(what: string, is: unknown, must: unknown): readonly string[] {
  const [one, other] = [JSON.stringify(is), JSON.stringify(must)]
  return one === other ? [] : [`${what}: ${one}, not ${other}`]
}

const isOwn = ({ rules }: Place, text: string) => rules.now.includes(text) || rules.want.includes(text)
const others = (place: Place, rules: readonly Rule[]) => rules.filter(({ text }) => !isOwn(place, text))
const textsOf = (rules: readonly Rule[]) => rules.map(({ text }) => text)

/** A chain of fleet's that came with the change goes, unless others have rules in it or jump to it. */
function policyAfter(place: Place, met: Live, then: Live): string {
  const { chain, is, isUser, policy } = place
  const key = `${place.table} ${chain}`
  const live = met.get(key)
  if (!is.now && !is.want) return live?.policy ?? 'none'
  if (!isUser) return is.now ? policy.now : then.has(key) ? (is.before ? policy.before : 'ACCEPT') : 'none'
  if (is.now || is.before) return '-'
  const isUsed = [...then.values()].some(({ rules }) =>
    rules.some(({ text }) => text.endsWith(`-j ${chain}`)),
  )
  return live && (isUsed || others(place, live.rules).length > 0) ? '-' : 'none'
}

/** How many rules of others stand before each own one. */
const standsOf = (place: Place, rules: readonly Rule[]): readonly number[] =>
  rules.flatMap(({ text }, at) => (isOwn(place, text) ? [others(place, rules.slice(0, at)).length] : []))

/**
 * The same, as it must be after the undo: between the neighbours that are still live, where the rule was live, or one
 * that comes after it.
 */
function standsAfter(place: Place, met: readonly Rule[]): readonly number[] {
  const { before, now } = place.rules
  const live = textsOf(met.filter(({ text }) => isOwn(place, text)))
  const were = standsOf(place, met)
  if (JSON.stringify(live) === JSON.stringify(now)) return were
  const foreign = textsOf(others(place, met))
  const spots = before.flatMap((text, at) => (now.includes(text) ? [at] : []))
  const neighbour = (at: number) =>
    nth(foreign, before[at] ?? '', countIn(before.slice(0, at), before[at] ?? '')) + 1
  const wishes = now.map((text, at) => were[nth(live, text, countIn(now.slice(0, at), text))] ?? Infinity)
  let last = live.length > 0 ? (were[0] ?? 0) : foreign.length
  return spots.map((spot, index) => {
    const around = before.map((_, at) => (spots.includes(at) ? 0 : neighbour(at)))
    const floor = Math.max(0, ...around.slice(0, spot))
    const ceiling = (around.slice(spot).find(at => at > 0) ?? foreign.length + 1) - 1
    const wish = Math.min(...wishes.slice(index))
    last = Math.max(floor, Math.min(ceiling, wish === Infinity ? last : wish))
    return last
  })
}

const countIn = (all: readonly string[], one: string) => all.filter(other => other === one).length
/** Where the one stands that has `before` others like it before it; -1: nowhere. */
const nth = (all: readonly string[], one: string, before: number) =>
  all.flatMap((other, at) => (other === one ? [at] : []))[before] ?? -1
