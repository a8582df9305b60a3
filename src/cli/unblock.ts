import { type Entry, isBlocked } from '../block/entry.ts'
import { changeLedger } from '../block/ledger.ts'
import { addressesFor, covering, type LiftWord, planLift } from '../block/lift.ts'
import { readAddress } from '../block/words.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import { exitCodeOfBlocks } from '../report/block-exit.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import { sayCovered } from '../report/block-words.ts'
import { readWords } from './block-words.ts'
import { giveUpAfterOf, ledgerOf, seconds, sendToAll, wantedOf } from './blocking.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'
import { withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { insistOn } from './insisting.ts'
import { keepHeapLean } from './lean-heap.ts'
import { listHosts } from './list-hosts.ts'
import { warn } from './warnings.ts'
import { whoIsHere } from './who.ts'

/** Lets an address in again, on every host; says what still covers it. Exit codes: docs/exit-codes.md. */
export async function run(given: Flags): Promise<number> {
  const words = flagList(given, 'address')
  const reason = flag(given, 'reason', 'string')
  if (words.length === 0 && reason === undefined)
    throw new FleetError('block-no-address', { command: 'unblock' })
  giveUpAfterOf(given)
  const anyway = flagList(given, 'even-so').map(word => readAddress(word).address)
  keepHeapLean(words)
  const typed = await readWords(words)
  const flags = await withBecomePassword(given)
  const inputs = await readInputs(flags)
  keepHeapLean([ledgerOf(inputs)])
  for (const finding of inputs.findings) if (finding.severity === 'warning') warn(finding)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))
  let addresses = typed.map(({ address }) => address)
  // Said also where nothing else is to be lifted.
  const sayFeeds = async () => inputs.config.feeds && warnOfFeeds(inputs, addresses)
  if (typed.length > 0) await sayFeeds()
  let lifted: readonly Entry[] = []
  // What stands in the ledger is read once, and held: others may be writing there.
  const file = ledgerOf(inputs)
  let ledger = await changeLedger(file, seconds(), known => {
    if (typed.length === 0 && reason !== undefined) addresses = [...addressesFor(reason, known, seconds())]
    lifted = liftIn(known, addresses, { ...wordOf(flags), anyway })
    return lifted
  })
  if (typed.length === 0) await sayFeeds()
  const voice = openBlockVoice({ json: flag(flags, 'json', 'boolean') ?? false, verb: 'unblock' })
  voice.begin({ named: typed, entries: lifted, before: [], ledger: ledger.file, hosts: inputs.hosts.length })
  let wanted = wantedOf(inputs, ledger.entries)
  const insist = insistOn(file, lifted, after => {
    ledger = after
    wanted = wantedOf(inputs, after.entries)
  })
  const sending = {
    inputs,
    flags,
    wanted: (host: string) => wanted(host),
    voice,
    hosts: inputs.hosts,
    insist,
    news: lifted,
    // It asks for nothing to be blocked.
    isAsked: () => false,
  }
  const outcomes = await sendToAll(sending)
  voice.end(outcomes)
  const now = seconds()
  const left = ledger.entries.filter(entry => isBlocked(entry, now))
  for (const line of sayCovered(covering(addresses, left), realClock.wall()))
    process.stderr.write(`${line}\n`)
  return exitCodeOfBlocks(outcomes)
}

/** A feed is no entry of the ledger, and goes on blocking. */
async function warnOfFeeds(inputs: Inputs, addresses: readonly string[]): Promise<void> {
  const { feedsCovering } = await import('./feeds.ts')
  for (const args of await feedsCovering(inputs, addresses))
    warn({ code: 'feed-covers', severity: 'warning', args })
}

function wordOf(flags: Flags): Omit<LiftWord, 'anyway'> {
  const [limit, reason] = [flag(flags, 'limit', 'string'), flag(flags, 'reason', 'string')]
  return {
    by: whoIsHere(),
    at: realClock.wall(),
    ...(limit === undefined ? {} : { limit }),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** Of a list some may be over already; words that lead to nothing at all are a mistake, and nothing is written then. */
function liftIn(known: readonly Entry[], addresses: readonly string[], word: LiftWord): readonly Entry[] {
  const { lifted, unknown } = planLift(addresses, known, word, seconds())
  if (lifted.length === 0) throw new FleetErrors(unknown)
  for (const finding of unknown) warn({ ...finding, severity: 'warning' })
  return lifted
}
