import type { BlockHost } from '../block/attempt.ts'
import { withSession } from '../block/attempt.ts'
import { isBlocked } from '../block/entry.ts'
import { type Ledger, readLedger } from '../block/ledger.ts'
import { coveredBy } from '../block/protect.ts'
import type { Wanted } from '../block/wanted.ts'
import { checkBlocks, sendBlocks } from '../host/block.ts'
import { hashBlocks } from '../model/block.ts'
import { FleetError } from '../model/error.ts'
import { lacksFeeds, type WantedFeeds } from '../plan/blocks.ts'
import { exitCodeOfBlocks } from '../report/block-exit.ts'
import { entryLine, foundLine } from '../report/block-json.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import { exitCodeOfFound, type Found, printEntries, printFound } from '../report/blocks.ts'
import { blockHost, blockPool, giveUpAfterOf, ledgerOf, seconds, sendToAll, wantedOf } from './blocking.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { guardedOf } from './guarded.ts'
import { withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { keepHeapLean } from './lean-heap.ts'
import { listHosts } from './list-hosts.ts'
import { cancelOnSignal } from './signals.ts'
import { warn } from './warnings.ts'

/**
 * What is blocked, and which hosts don't block it. 0 all do, 2 one is behind, 3 one couldn't be asked, 4 one would not
 * after a boot. With `--repair` as `fleet block`, and `--refresh` as well.
 */
export async function run(given: Flags): Promise<number> {
  giveUpAfterOf(given)
  const flags = await withBecomePassword(given)
  const inputs = await readInputs(flags)
  keepHeapLean([ledgerOf(inputs)])
  for (const finding of inputs.findings) if (finding.severity === 'warning') warn(finding)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))
  if (flag(flags, 'refresh', 'boolean')) return (await import('./feeds.ts')).refresh(inputs, flags)
  const ledger = await readLedger(ledgerOf(inputs))
  const json = flag(flags, 'json', 'boolean') ?? false
  const wanted = wantedOf(inputs, ledger.entries)
  if (flag(flags, 'repair', 'boolean')) return repair(inputs, flags, ledger, wanted)
  const now = realClock.wall()
  const standing = ledger.entries.filter(entry => isBlocked(entry, now / 1000))
  if (json) for (const entry of standing) process.stdout.write(entryLine(entry))
  else process.stdout.write(printEntries(standing, now, ledger.file))
  for (const finding of coveredBy(standing, (await guardedOf(inputs)).all)) warn(finding)
  if (inputs.config.feeds) process.stdout.write(await (await import('./feeds.ts')).tellFeeds(inputs, json))
  const feeds = inputs.config.feeds && (await (await import('./feeds.ts')).knownFeeds(inputs))
  const found = await lookAtAll(inputs, flags, { wanted, ...(feeds ? { feeds: feeds.asked } : {}) })
  process.stdout.write(json ? found.map(foundLine).join('') : printFound(found))
  return exitCodeOfFound(found)
}

async function repair(
  inputs: Inputs,
  flags: Flags,
  ledger: Ledger,
  wanted: (host: string) => Wanted,
): Promise<number> {
  const voice = openBlockVoice({ json: flag(flags, 'json', 'boolean') ?? false, verb: 'repair' })
  voice.begin({ named: [], entries: [], before: [], ledger: ledger.file, hosts: inputs.hosts.length })
  const feeds = inputs.config.feeds && (await (await import('./feeds.ts')).knownFeeds(inputs))
  const goals = await feeds?.goals()
  const outcomes = await sendToAll({
    inputs,
    flags,
    wanted,
    voice,
    hosts: inputs.hosts,
    news: [],
    ...(goals ? { feeds: goals } : {}),
  })
  voice.end(outcomes)
  const code = exitCodeOfBlocks(outcomes)
  return code === 0 && outcomes.some(({ finding }) => finding?.code === 'block-later') ? 2 : code
}

/** What hosts are to have: of feeds only where some are known. */
interface Asked {
  readonly wanted: (host: string) => Wanted
  readonly feeds?: (host: string) => WantedFeeds
}

async function lookAtAll(inputs: Inputs, flags: Flags, { wanted, feeds }: Asked): Promise<readonly Found[]> {
  const longest = inputs.hosts.reduce((most, { name }) => Math.max(most, wanted(name).map.length), 0)
  const pool = blockPool(inputs, flags, longest, cancelOnSignal())
  const looking = await pool.each(inputs.hosts, host =>
    lookAt(blockHost(host, pool, { inputs, flags, wanted }), wanted(host.name), feeds?.(host.name)),
  )
  return looking.map((one, at) =>
    one.status === 'fulfilled' ? one.value : notFound(inputs.hosts[at]?.name ?? '', one.reason),
  )
}

const NOTHING = hashBlocks([])

/** Of a host whose hash differs it takes a second question to know what it lacks: it may have more than the ledger. */
async function lookAt(one: BlockHost, { map }: Wanted, feeds?: WantedFeeds): Promise<Found> {
  try {
    return await withSession(one.connect('again'), async session => {
      const blocks = await checkBlocks(session, seconds())
      const blocked = map.filter(({ state }) => state === 'blocked').length
      const isFree = blocked === 0 && blocks.entries === 0
      const isBehindFeeds = feeds !== undefined && lacksFeeds(blocks.keeps, feeds)
      const same = {
        host: one.host,
        blocks,
        lacked: 0,
        later: [],
        refused: [],
        unknown: [],
        isFree,
        isBehindFeeds,
      }
      if (isFree || blocks.hash === hashBlocks(map)) return same
      if (blocks.hash === NOTHING) return { ...same, lacked: blocked }
      const { lacked, later, refused, unknown } = await sendBlocks(session, { ...one.order(), dry: true })
      return { ...same, lacked, later, refused, unknown }
    })
  } catch (error) {
    return notFound(one.host, error)
  }
}

function notFound(host: string, error: unknown): Found {
  if (!(error instanceof FleetError)) throw error
  return { host, state: error.hostState ?? 'failed', finding: error.finding }
}
