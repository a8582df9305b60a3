import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import { type Entry, isBlocked, wordOf } from './entry.ts'
import { indexSpans, wholeSpan } from './span.ts'

/** Who lifts, when, and of which hosts. */
export interface LiftWord {
  readonly by: string
  readonly at: number
  readonly limit?: string
  /** Only what was blocked for just this reason. */
  readonly reason?: string
  /** Lifted also where the ledger knows nothing of them: a host may. */
  readonly anyway: readonly string[]
}

export interface Lift {
  /** Entries as they are to be: those that are lifted already as they were. */
  readonly lifted: readonly Entry[]
  readonly unknown: readonly Finding[]
}

/** What lifting addresses means for a ledger: their own entries, with any limit unless one is named. */
export function planLift(
  addresses: readonly string[],
  entries: readonly Entry[],
  word: LiftWord,
  now: number,
): Lift {
  const byAddress = new Map<string, Entry[]>()
  for (const entry of entries) byAddress.set(entry.address, [...(byAddress.get(entry.address) ?? []), entry])
  const lifted: Entry[] = []
  const unknown: Finding[] = []
  for (const address of addresses) {
    const own = byAddress.get(address) ?? []
    const here = word.limit === undefined ? own : own.filter(({ limit }) => limit === word.limit)
    const meant = word.reason === undefined ? here : here.filter(({ reason }) => reason === word.reason)
    if (here.length > 0 && meant.length === 0) unknown.push(otherwise(address, here, word))
    else if (meant.length > 0) lifted.push(...meant.map(entry => lift(entry, word)))
    else if (word.anyway.includes(address)) lifted.push(made(address, word))
    else unknown.push(own.length > 0 ? elsewhere(address, own, word) : notThere(address, entries, now))
  }
  return { lifted, unknown }
}

function lift(entry: Entry, { by, at }: LiftWord): Entry {
  return entry.lifted ? entry : { ...entry, lifted: { by, at: Math.max(at, wordOf(entry) + 1) } }
}

const made = (address: string, { by, at, limit }: LiftWord): Entry => ({
  address,
  direction: 'both',
  until: 0,
  by,
  at,
  ...(limit === undefined ? {} : { limit }),
  evenSo: [],
  lifted: { by, at },
})

function elsewhere(address: string, own: readonly Entry[], { limit = '' }: LiftWord): Finding {
  const limits = own.map(one => (one.limit === undefined ? 'on all hosts' : `with --limit ${one.limit}`))
  return { code: 'unblock-elsewhere', severity: 'error', args: { address, limit, limits } }
}

/** Somebody else's block of the same address is theirs to lift. */
function otherwise(address: string, here: readonly Entry[], { reason = '' }: LiftWord): Finding {
  const reasons = here.map(one => one.reason ?? '')
  return { code: 'unblock-other-reason', severity: 'error', args: { address, reason, reasons } }
}

/** All that is blocked for one reason. Error: `unblock-no-reason`. */
export function addressesFor(reason: string, entries: readonly Entry[], now: number): readonly string[] {
  const blocked = entries.filter(entry => isBlocked(entry, now))
  const own = blocked.filter(entry => entry.reason === reason)
  if (own.length > 0) return [...new Set(own.map(({ address }) => address))]
  const reasons = new Set(blocked.flatMap(entry => entry.reason ?? []))
  throw new FleetError('unblock-no-reason', { reason, nearest: nearest(reason, [...reasons]) ?? null })
}

function notThere(address: string, entries: readonly Entry[], now: number): Finding {
  const blocked = entries.filter(entry => isBlocked(entry, now))
  const wider = covering([address], blocked).flatMap(({ by }) => by.map(one => one.address))
  const near = nearest(
    address,
    blocked.slice(0, 10_000).map(one => one.address),
  )
  return {
    code: 'unblock-unknown',
    severity: 'error',
    args: { address, covering: wider.slice(0, 5), nearest: near ?? null },
  }
}

export interface Covered {
  readonly address: string
  readonly by: readonly Entry[]
}

/** Which of the entries have addresses in common with each of these. */
export function covering(addresses: readonly string[], entries: readonly Entry[]): readonly Covered[] {
  const touching = indexSpans(entries.map(entry => ({ entry, ...wholeSpan(entry.address) })))
  return addresses.flatMap(address => {
    const by = touching(wholeSpan(address)).map(({ entry }) => entry)
    return by.length > 0 ? [{ address, by }] : []
  })
}
