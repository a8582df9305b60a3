import { type Entry, keyOf, mergeEntries, withoutLonger, wordOf } from '../block/entry.ts'
import { type BlockOutcome, isBlocking } from '../block/event.ts'
import { exemptFrom, notKilled } from '../block/exempt.ts'
import { changeLedger, type Ledger } from '../block/ledger.ts'
import { endOf } from '../block/moment.ts'
import { refuseProtected } from '../block/protect.ts'
import { rejectedBy } from '../block/rejected.ts'
import { refuseOverfull } from '../block/room.ts'
import { meantBy } from '../block/wanted.ts'
import { type Named, readAddress, settleNamed } from '../block/words.ts'
import { isFeedWord } from '../feeds/named.ts'
import { FleetError } from '../model/error.ts'
import { exitCodeOfBlocks } from '../report/block-exit.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import { readWords } from './block-words.ts'
import { giveUpAfterOf, ledgerOf, seconds, sendToAll, wantedOf } from './blocking.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'
import { guardedOf } from './guarded.ts'
import { withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { insistOn } from './insisting.ts'
import { keepHeapLean } from './lean-heap.ts'
import { listHosts } from './list-hosts.ts'
import { dropRejected, liftAgain, tellRejected } from './rejecting.ts'
import { warn } from './warnings.ts'
import { whoIsHere } from './who.ts'

/** Drops all that comes from an address, and goes to it, on every host. Exit codes: docs/exit-codes.md. */
export async function run(given: Flags): Promise<number> {
  const words = flagList(given, 'address')
  if (words.length === 0) throw new FleetError('block-no-address', { command: 'block' })
  const until = endOf(
    { for: flag(given, 'for', 'string'), until: flag(given, 'until', 'string') },
    realClock.wall(),
  )
  giveUpAfterOf(given)
  const even = flagList(given, 'even-so').map(word => readAddress(word).address)
  keepHeapLean(words)
  const said = await readWords(words.filter(word => !isFeedWord(word)))
  const flags = await withBecomePassword(given)
  const inputs = await readInputs(flags)
  keepHeapLean([ledgerOf(inputs)])
  const feedWords = words.filter(isFeedWord)
  const named =
    feedWords.length === 0
      ? said
      : settleNamed([...said, ...(await (await import('./feed-words.ts')).readFeedWords(inputs, feedWords))])
  for (const finding of inputs.findings) if (finding.severity === 'warning') warn(finding)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))

  await refuse(inputs, named, even)

  const entries = entriesOf(named, { flags, until, even })
  if (flag(flags, 'dry-run', 'boolean'))
    return (await import('./block-dry.ts')).dryRun(inputs, flags, entries)
  const voice = openBlockVoice({ json: flag(flags, 'json', 'boolean') ?? false, verb: 'block' })
  const keepsLonger = flag(flags, 'keep-longer', 'boolean') ?? false
  let before: readonly Entry[] = []
  let added = entries
  const file = ledgerOf(inputs)
  let ledger = await changeLedger(file, seconds(), known => {
    before = known
    if (keepsLonger) added = withoutLonger(entries, known, seconds())
    refuseOverfull(added, known, seconds())
    return later(added, known)
  })

  voice.begin({ named, entries: added, before, ledger: ledger.file, hosts: inputs.hosts.length })
  let wanted = wantedOf(inputs, ledger.entries)
  const onLedger = (after: Ledger) => {
    ledger = after
    wanted = wantedOf(inputs, after.entries)
  }
  const kill = flag(flags, 'kill', 'boolean') ?? false
  const undone = (host: string) =>
    wantedOf(inputs, mergeEntries(ledger.entries, liftAgain(added, ledger.entries)))(host)
  const sending = { inputs, flags, wanted: (host: string) => wanted(host), voice, hosts: inputs.hosts }
  const outcomes = await sendToAll({
    ...sending,
    undone,
    kill,
    isAsked: meantBy(entries),
    news: added,
    insist: insistOn(file, added, onLedger),
  })
  // It locks everybody out: neither apply nor a repair is to try it again. Where others block it, it was that one host.
  if (outcomes.some(isLockout) && !outcomes.some(isBlocking))
    await changeLedger(file, seconds(), known => liftAgain(added, known))
  const rejected = rejectedBy(outcomes, added)
  if (rejected.length > 0) onLedger(await dropRejected(inputs, file, rejected))
  for (const finding of [
    ...(even.length > 0 ? exemptFrom(outcomes, added) : []),
    ...(kill ? notKilled(outcomes) : []),
  ])
    warn(finding)
  voice.end(outcomes)
  if (rejected.length > 0) await tellRejected(sending, outcomes, rejected)
  return exitCodeOfBlocks(outcomes)
}

const isLockout = ({ finding }: BlockOutcome) =>
  finding?.code === 'block-taken-back' || finding?.code === 'block-locked-out'

/** Before anybody is contacted: what would keep out those who must get in. */
async function refuse(inputs: Inputs, named: readonly Named[], even: readonly string[]): Promise<void> {
  const { all, unresolved } = await guardedOf(inputs)
  refuseProtected(
    named.map(({ address }) => address),
    all,
    even,
  )
  if (unresolved.length === 0) return
  const args = { names: unresolved.slice(0, 3), more: unresolved.length - 3 }
  warn({ code: 'block-unresolved', severity: 'warning', args })
}

interface Said {
  readonly flags: Flags
  readonly until: number
  readonly even: readonly string[]
}

function entriesOf(named: readonly Named[], { flags, until, even }: Said): readonly Entry[] {
  const said = flag(flags, 'direction', 'string')
  const direction: Entry['direction'] = said === 'in' || said === 'out' ? said : 'both'
  const words = flagList(flags, 'address').filter(isFeedWord).join(' ')
  const reason = (flag(flags, 'reason', 'string') ?? words) || undefined
  const limit = flag(flags, 'limit', 'string')
  const [by, at] = [whoIsHere(), realClock.wall()]
  // Word for word: a copy of what they share takes twice the memory.
  return named.map(({ address }) => ({ address, direction, until, reason, by, at, limit, evenSo: even }))
}

/** The word of this moment is the later one, whatever the clock was of the machine that said the last. */
function later(entries: readonly Entry[], known: readonly Entry[]): readonly Entry[] {
  const keys = known.length > entries.length ? new Set(entries.map(keyOf)) : undefined
  const meant = keys ? known.filter(entry => keys.has(keyOf(entry))) : known
  if (meant.length === 0) return entries
  const words = new Map(meant.map(entry => [keyOf(entry), wordOf(entry)]))
  return entries.map(entry => {
    const last = words.get(keyOf(entry)) ?? 0
    return last < entry.at ? entry : { ...entry, at: last + 1 }
  })
}
