import type { Finding, Severity } from '../model/finding.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { sayRule } from '../plan/unmanaged.ts'
import type { Paint, Tone } from './paint.ts'
import { say } from './say.ts'
import { groupBy, hosts, indented, plain } from './words.ts'

/** Something that a plan says of a host beside its diff. */
interface Fact {
  readonly text: string
  readonly tone: Tone
  /** How many hosts it holds for is said even where it holds for all of a block. */
  readonly counted?: boolean
}

/** What is said of the hosts of a block, each thing once; where it isn't true of all of them, of whom it is. */
export function factLines(plans: readonly HostPlan[], paint: Paint): string[] {
  return KINDS.flatMap(factsOf => {
    const said = plans.flatMap(plan => factsOf(plan).map(fact => ({ fact, host: plan.host })))
    return [...groupBy(said, ({ fact }) => fact.text).values()].map(all => {
      const { text, tone, counted = false } = all[0]?.fact ?? NOTHING
      const names = [...new Set(all.map(({ host }) => host))]
      return paint(tone, indented(`${text}${ofWhom(names, plans.length, counted)}`, '  '))
    })
  })
}

function ofWhom(names: readonly string[], all: number, counted: boolean): string {
  const whom = names.length === all ? '' : ` [${names.join(', ')}]`
  return counted ? `: ${hosts(names.length)}${whom}` : whom
}

/** In the order in which they are shown. */
const KINDS: readonly ((plan: HostPlan) => readonly Fact[])[] = [
  // Hosts that go back are given none.
  ({ roles }) => (roles.length === 0 ? [] : [{ text: `roles: ${plain(roles.join(', '))}`, tone: 'none' }]),
  ({ findings }) => findings.map(sayFinding),
  ({ closes }) => closes.map(closed => ({ text: `closes ${plain(closed)}`, tone: 'yellow', counted: true })),
  ({ installs, verdict }) => (installs && verdict === 'change' ? [INSTALLS] : []),
  ({ unmanaged }) => unmanaged.map(rule => warning(`not made by fleet: ${sayRule(rule)}`)),
  ({ released }) => released.map(chain => warning(`released: ${chain} goes back to ACCEPT`)),
  ({ kept }) => kept.map(chain => warning(`kept empty: ${chain}, which others still refer to`)),
]

const warning = (text: string): Fact => ({ text: plain(text), tone: 'yellow' })
const NOTHING: Fact = { text: '', tone: 'none' }
const INSTALLS: Fact = { text: 'installs iptables-persistent and ipset first', tone: 'yellow' }

const TONES: Readonly<Record<Severity, Tone>> = { error: 'red', warning: 'yellow', note: 'none' }

const sayFinding = (finding: Finding): Fact => ({
  text: `${finding.severity}: ${say(finding)}`,
  tone: TONES[finding.severity],
})
