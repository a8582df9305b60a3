import type { Chain, Ruleset } from '../ruleset/ruleset.ts'
import type { ConnectionState, Options, Packet, Sight, Verdict, VerdictName } from './packet.ts'
import { type Step, stepsOf } from './steps.ts'

/** A base chain on a packet's way. */
type Stage = readonly [table: string, chain: string]

/** In the kernel's order (netfilter's hook priorities): raw stands before connection tracking. */
const WAYS: Readonly<Record<Packet['hook'], readonly Stage[]>> = {
  input: [
    ['raw', 'PREROUTING'],
    ['mangle', 'PREROUTING'],
    ['nat', 'PREROUTING'],
    ['mangle', 'INPUT'],
    ['filter', 'INPUT'],
    ['security', 'INPUT'],
    ['nat', 'INPUT'],
  ],
  forward: [
    ['raw', 'PREROUTING'],
    ['mangle', 'PREROUTING'],
    ['nat', 'PREROUTING'],
    ['mangle', 'FORWARD'],
    ['filter', 'FORWARD'],
    ['security', 'FORWARD'],
    ['mangle', 'POSTROUTING'],
    ['nat', 'POSTROUTING'],
  ],
  output: [
    ['raw', 'OUTPUT'],
    ['mangle', 'OUTPUT'],
    ['nat', 'OUTPUT'],
    ['filter', 'OUTPUT'],
    ['security', 'OUTPUT'],
    ['mangle', 'POSTROUTING'],
    ['nat', 'POSTROUTING'],
  ],
}

/**
 * What a ruleset does with a packet. `conditional`: it is accepted unless a rate limit or the like stands in the
 * way, whatever else isn't known. `unknown` hangs on something that the packet doesn't say, a match or target
 * that isn't modelled, or an address that a rule rewrites. A doubt that makes no difference is none: what is
 * accepted either way is accepted. Between `drop` and `reject` in doubt it is `drop`.
 */
export function evaluate(ruleset: Ruleset, packet: Packet, { sets }: Options): Verdict {
  const stages: (readonly Step[])[] = []
  let ctstate = packet.ctstate
  for (const [table, name] of WAYS[packet.hook]) {
    const chains = ruleset.tables.get(table)
    const chain = chains?.get(name)
    if (!chains || !chain || (table === 'nat' && !startsFlow(ctstate))) continue
    // Before connection tracking has seen it a packet counts as invalid.
    const state = table === 'raw' ? 'INVALID' : ctstate
    const walk = { table, chains, sight: look(packet, name, state, sets), untracked: false }
    stages.push([...stepsOf(walk, chain).steps, policyOf(table, chain)])
    if (walk.untracked && ctstate !== 'UNTRACKED') ctstate = undefined
  }
  return stages.reduceRight<Verdict>(settle, { verdict: 'accept', rules: [] })
}

/** Nat sees the first packet of a flow only; later ones follow what was decided then. */
const startsFlow = (ctstate: ConnectionState | undefined) =>
  ctstate === undefined || ctstate === 'NEW' || ctstate === 'RELATED'

function look(
  packet: Packet,
  chain: string,
  ctstate: ConnectionState | undefined,
  sets: Options['sets'],
): Sight {
  return {
    packet,
    ctstate,
    inInterface: chain === 'OUTPUT' || chain === 'POSTROUTING' ? '' : packet.inInterface,
    outInterface: chain === 'PREROUTING' || chain === 'INPUT' ? '' : packet.outInterface,
    sets,
  }
}

function policyOf(table: string, { name, policy }: Chain): Step {
  const decider = { table, chain: name, text: `:${name} ${policy ?? 'ACCEPT'}` }
  return { verdict: policy === 'DROP' ? 'drop' : 'accept', doubt: 'sure', deciders: [decider] }
}

/** From the last possible end of the way back to the first: what each doubt would change, given what comes after. */
function settle(next: Verdict, steps: readonly Step[]): Verdict {
  return steps.reduceRight<Verdict>((rest, step) => {
    const ends = step.verdict === 'accept' ? handOn(step, next) : ended(step)
    if (step.doubt === 'sure') return ends
    if (ends.verdict === rest.verdict) return rest
    return { verdict: doubtful(step, ends, rest), rules: [...new Set([...step.deciders, ...rest.rules])] }
  }, next)
}

const ended = ({ verdict, deciders }: Step): Verdict => ({ verdict, rules: deciders })

/** Accepted in one table is only handed on to the next; the ACCEPT policies of the lesser tables say nothing. */
function handOn({ deciders }: Step, next: Verdict): Verdict {
  if (next.verdict !== 'accept') return next
  const telling = deciders.filter(({ table, text }) => table === 'filter' || !text.startsWith(':'))
  return { verdict: 'accept', rules: [...telling, ...next.rules] }
}

function doubtful({ doubt }: Step, ends: Verdict, rest: Verdict): VerdictName {
  const verdicts = [ends.verdict, rest.verdict]
  // Closed is closed, whether the sender is told or not: a rate between the two leaves no way in.
  if (verdicts.every(verdict => verdict === 'drop' || verdict === 'reject')) return 'drop'
  // Let in for certain or let in up to a limit, whichever it is: the limit is the worst that can happen.
  if (verdicts.includes('accept') && verdicts.includes('conditional')) return 'conditional'
  return doubt === 'unknown' || verdicts.includes('unknown') ? 'unknown' : 'conditional'
}
