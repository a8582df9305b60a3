import type { Entry } from '../block/entry.ts'
import type { BlockEvent, BlockOutcome } from '../block/event.ts'
import type { Named } from '../block/words.ts'
import { printBlockSummary } from './block-summary.ts'
import { addressesIn, count, sayAddresses, sayDirection, sayUntil, type Verb } from './block-words.ts'
import { say } from './say.ts'
import { fineSpan, hosts, plain } from './words.ts'

/** What is about to be sent. */
export interface BlockBeginning {
  readonly named: readonly Named[]
  /** What is new in the ledger; nothing where hosts are only brought in line. */
  readonly entries: readonly Entry[]
  /** What the ledger said before. */
  readonly before: readonly Entry[]
  readonly ledger: string
  readonly hosts: number
}

/** How a block speaks: lines for a person or a pipe, or JSON. Progress goes to standard error, the result to standard output. */
export interface BlockVoice {
  begin(beginning: BlockBeginning): void
  readonly emit: (event: BlockEvent) => void
  end(outcomes: readonly BlockOutcome[]): void
}

interface Manner {
  readonly json: boolean
  readonly verb: Verb
}

export const openBlockVoice = ({ json, verb }: Manner): BlockVoice => (json ? speakJson(verb) : speak(verb))

/** Addresses that a line of JSON names; of a long list the ledger has them. */
const NAMED = 100

function speakJson(verb: Verb): BlockVoice {
  const write = (value: object) => void process.stdout.write(`${JSON.stringify(value)}\n`)
  return {
    begin: ({ entries, ledger, hosts }) => {
      const addresses = addressesOf(entries)
      const { until = 0, direction = 'both' } = entries[0] ?? {}
      const about = entries.length === 0 ? {} : { until: until === 0 ? null : iso(until), direction }
      const many = { addresses: addresses.slice(0, NAMED), count: addresses.length }
      write({ type: 'block-started', verb, ...many, ...about, ledger, hosts })
    },
    emit: event => {
      const { finding } = { finding: undefined, ...event }
      write({ ...event, ...(finding ? { finding: { ...finding, message: say(finding) } } : {}) })
    },
    end: outcomes => {
      const states: Partial<Record<BlockOutcome['state'], number>> = {}
      for (const { state } of outcomes) states[state] = (states[state] ?? 0) + 1
      write({ type: 'block-ended', verb, states })
    },
  }
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

/** Milliseconds between two counts. */
const COUNTED = 500

function speak(verb: Verb): BlockVoice {
  const tell = (line: string) => void process.stderr.write(`${plain(line)}\n`)
  const told = new Set<string>()
  let last = 0
  const once = (key: string, line: () => string) => {
    if (told.has(key)) return
    told.add(key)
    tell(line())
  }
  const what = verb === 'unblock' ? 'unblocked' : 'protected'
  return {
    begin: beginning => {
      for (const line of beginningLines(beginning, verb)) tell(line)
    },
    emit: event => {
      if (event.type === 'block-protected') {
        const { host, after, protected: done, hosts: all } = event
        if (done === 1) tell(`${host} is ${what}, ${fineSpan(after)} after Enter`)
        else if (done === all || after - last >= COUNTED)
          tell(`${done} of ${hosts(all)} ${what}, ${fineSpan(after)}`)
        else return
        last = after
      } else if (event.type === 'block-proven')
        tell(`${event.host} can be logged in to afresh: now all others`)
      else if (event.type === 'block-retry')
        once(event.host + event.finding.code, () => `${event.host}: ${say(event.finding)} It is tried again.`)
      else if (event.type === 'block-installing')
        once(`${event.host} packages`, () => `${event.host}: installing what it lacks`)
    },
    end: outcomes => void process.stdout.write(plain(printBlockSummary(outcomes, verb))),
  }
}

function beginningLines(
  { named, entries, before, ledger, hosts: all }: BlockBeginning,
  verb: Verb,
): string[] {
  const [first] = entries
  if (verb === 'repair' || !first) return [`Bringing ${hosts(all)} in line with ${ledger}.`]
  const now = first.at
  const addresses = sayAddresses(addressesOf(entries))
  const typed = named.flatMap(one => (one.typed === undefined ? [] : [sayTyped(one.address, one.typed)]))
  if (verb === 'unblock') return [...typed, `Unblocking ${addresses} on ${hosts(all)}; noted in ${ledger}.`]
  const until = `${sayUntil(first.until, now)}${sayDirection(first)}`
  const changed = sayAllBefore(entries, before, now)
  return [
    ...typed.slice(0, 10),
    `Blocking ${addresses} ${until} on ${hosts(all)}; noted in ${ledger}.`,
    ...changed,
  ]
}

/** Sorted; one that is meant for several sets of hosts stands there more than once. */
const addressesOf = (entries: readonly Entry[]): readonly string[] =>
  entries.map(({ address }) => address).filter((address, at, all) => address !== all[at - 1])

const sayTyped = (address: string, typed: string) =>
  `${typed} is ${address}: ${count(addressesIn(address))} ${addressesIn(address) === 1n ? 'address' : 'addresses'}.`

/** Of a long list nobody reads what became of each. */
function sayAllBefore(entries: readonly Entry[], before: readonly Entry[], now: number): string[] {
  if (entries.length > NAMED) return []
  const meant = new Set(entries.map(({ address }) => address))
  const known = new Map(before.filter(one => meant.has(one.address)).map(one => [one.address, one]))
  return entries.flatMap(entry => sayBefore(entry, known.get(entry.address), now))
}

/** A block that ends earlier than it would have is what somebody should notice. */
function sayBefore(entry: Entry, known: Entry | undefined, now: number): string[] {
  if (!known || known.lifted || known.limit !== entry.limit) return []
  if (known.until === entry.until || (known.until !== 0 && known.until * 1000 <= now)) return []
  return [`${entry.address} was blocked ${sayUntil(known.until, now)} before this, by ${known.by}.`]
}
