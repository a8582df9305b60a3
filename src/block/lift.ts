import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import { asLifted, type Entry, isBlocked, wordOf } from './entry.ts'
import { covers, indexWritten, wholeSpan } from './span.ts'

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

/** Words that lead to nothing are told so many times; of a long list most may be over. */
const TOLD = 10
/** And entries that overlap one. */
const OVERLAPPING = 5

/** What lifting addresses means for a ledger: their own entries, with any limit unless one is named. */
export function planLift(
  addresses: readonly string[],
  entries: readonly Entry[],
  word: LiftWord,
  now: number,
): Lift {
  const asked = new Set(addresses)
  const own = entries.filter(({ address }) => asked.has(address))
  const meant = own.filter(({ limit, reason }) => isSaid(word.limit, limit) && isSaid(word.reason, reason))
  for (const { address } of meant) asked.delete(address)
  const anyway = [...asked].filter(address => word.anyway.includes(address) && isNowhere(address, own, word))
  for (const address of anyway) asked.delete(address)
  const unknown = [...asked].slice(0, TOLD).map(address => explain(address, own, entries, word, now))
  const more = asked.size - unknown.length
  const shared = { by: word.by, at: word.at }
  return {
    lifted: [...meant.map(entry => lift(entry, word, shared)), ...anyway.map(address => made(address, word))],
    unknown: more > 0 ? [...unknown, { code: 'unblock-more', severity: 'error', args: { more } }] : unknown,
  }
}

const isSaid = (said: string | undefined, is: string | undefined) => said === undefined || said === is

/** Of the hosts that are meant; somebody else's reason is another matter. */
const isNowhere = (address: string, own: readonly Entry[], { limit }: LiftWord) =>
  !own.some(one => one.address === address && isSaid(limit, one.limit))

function explain(
  address: string,
  own: readonly Entry[],
  entries: readonly Entry[],
  word: LiftWord,
  now: number,
): Finding {
  const same = own.filter(one => one.address === address)
  const here = same.filter(({ limit }) => isSaid(word.limit, limit))
  if (here.length > 0) return otherwise(address, here, word)
  return same.length > 0 ? elsewhere(address, same, word) : notThere(address, entries, now)
}

/** Of a long list nearly all share the word that lifts them. */
function lift(entry: Entry, { by, at }: LiftWord, shared: NonNullable<Entry['lifted']>): Entry {
  if (entry.lifted) return entry
  return asLifted(entry, at > wordOf(entry) ? shared : { by, at: wordOf(entry) + 1 })
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
  const touching = covering([address], blocked).flatMap(({ by }) => by.map(one => one.address))
  const whole = wholeSpan(address)
  const [wider, inside] = [true, false].map(is =>
    [...new Set(touching)].filter(one => covers(wholeSpan(one), whole) === is).slice(0, OVERLAPPING),
  )
  const near = nearest(
    address,
    blocked.slice(0, 10_000).map(one => one.address),
  )
  return {
    code: 'unblock-unknown',
    severity: 'error',
    args: { address, covering: wider ?? [], inside: inside ?? [], nearest: near ?? null },
  }
}

export interface Covered {
  readonly address: string
  readonly by: readonly Entry[]
}

/** Which of the entries have addresses in common with each of these. The smaller side is the one that is held as numbers. */
export function covering(addresses: readonly string[], entries: readonly Entry[]): readonly Covered[] {
  if (entries.length === 0) return []
  if (entries.length < addresses.length) {
    const touching = indexWritten(entries.map(entry => ({ entry, ...wholeSpan(entry.address) })))
    return addresses.flatMap(address => {
      const by = touching(address).map(({ entry }) => entry)
      return by.length > 0 ? [{ address, by }] : []
    })
  }
  const touching = indexWritten(addresses.map(address => ({ address, ...wholeSpan(address) })))
  const found = new Map<string, Entry[]>()
  for (const entry of entries)
    for (const { address } of touching(entry.address)) {
      const by = found.get(address)
      if (by) by.push(entry)
      else found.set(address, [entry])
    }
  return addresses.flatMap(address => {
    const by = found.get(address)
    return by ? [{ address, by }] : []
  })
}
