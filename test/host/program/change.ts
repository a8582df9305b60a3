import { randomBytes } from 'node:crypto'
import type { Transaction } from '../../../src/host/guard.ts'
import type { Observation } from '../../../src/host/observation.ts'
import { observe } from '../../../src/host/observe.ts'
import { sha256 } from '../../../src/host/pieces.ts'
import type { Family, PerFamily } from '../../../src/model/family.ts'
import { metaOf } from '../../../src/plan/meta.ts'
import { jumpOf, KNOWN_FOREIGN, matchesAny } from '../../../src/plan/ownership.ts'
import { canonical } from '../../../src/ruleset/canonical.ts'
import { ownedLines, project } from '../../../src/ruleset/owned.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import { printRestore } from '../../../src/ruleset/print.ts'
import { change } from '../../../src/ruleset/transition.ts'
import type { Session } from '../../../src/session/session.ts'

/** What a test wants of a host: rules of the filter table by chain policy, in iptables-restore's words. */
export interface Wanted {
  readonly rules: PerFamily<string>
  readonly sets?: string
  /** The generation that the release of a lockdown leads to. */
  readonly lockdown?: number
}

export const filter = (...rules: readonly string[]) =>
  `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.map(rule => `-A ${rule}\n`).join('')}COMMIT\n`

/** Lets SSH in; `extra` makes it one's own. */
export const wanted = (...extra: readonly string[]): Wanted => {
  const rules = filter('INPUT -i lo -j ACCEPT', 'INPUT -p tcp -m tcp --dport 22 -j ACCEPT', ...extra)
  return { rules: { 4: rules, 6: rules } }
}

export const web = wanted('INPUT -p tcp -m tcp --dport 443 -j ACCEPT')

/** What is left of a table that was made and emptied again. */
export const EMPTY = '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n'

const hashOf = ({ rules, sets = '' }: Wanted) => sha256(`${rules[4]}\n${rules[6]}\n${sets}`)

export const look = (session: Session, want: Wanted): Promise<Observation> =>
  observe(session, { rules: want.rules, sets: want.sets ?? '', hash: hashOf(want) })

/** The transaction that takes an observed host to what is wanted, as the plan would make it. */
export function transactionTo(seen: Observation, want: Wanted, more: Partial<Transaction> = {}): Transaction {
  const families = { 4: work(seen, want, 4), 6: work(seen, want, 6) }
  const both = (part: 'now' | 'want' | 'do' | 'undo') => ({ 4: families[4][part], 6: families[6][part] })
  const origin = { run: 'run-1', who: 'tester@controller', since: '2026-01-01T00:00:00Z' }
  const frozen = {
    base: seen.generation.number,
    generation: seen.generation.newest + 1,
    now: both('now'),
    want: both('want'),
    do: both('do'),
    undo: both('undo'),
    sets: want.sets ?? '',
    setsNow: seen.generation.ipsets,
    candidateHash: hashOf(want),
    ...(want.lockdown === undefined ? {} : { lockdown: want.lockdown }),
  }
  const nonce = newNonce()
  const meta = metaOf(frozen, { ...origin, nonce })
  return { nonce, ...origin, confirmTimeout: 30_000, ...frozen, meta, ...more }
}

export const newNonce = () => randomBytes(16).toString('hex')

function work(seen: Observation, want: Wanted, family: Family) {
  if (!seen.canonical) throw new Error(`no canonical text: ${[...seen.loadErrors].join(' ')}`)
  const wish = canonical(parseSave(seen.canonical[family], family), parseSave(want.rules[family], family))
  const live = parseSave(seen.live[family], family)
  const last = parseSave(seen.generation.rules[family], family)
  const policies = [...(wish.tables.get('filter')?.values() ?? [])].flatMap(chain =>
    ['ACCEPT', 'DROP'].map(policy => `filter :${chain.name} ${policy}`),
  )
  const owned = new Set([...ownedLines(last), ...ownedLines(wish), ...policies])
  const now = project(live, owned)
  const isPreserved = (text: string) => matchesAny(jumpOf(text) ?? '', KNOWN_FOREIGN)
  const made = change(live, now, wish, { isPreserved })
  return {
    now: printRestore(now),
    want: printRestore(wish),
    do: made.do.payload,
    undo: made.undo.payload,
  }
}
