import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { isNothing, type Spans, shared, spansOf, takeOut } from '../address/spans.ts'
import type { BlockOutcome } from '../block/event.ts'
import { type FeedGoal, makeGoal } from '../block/feeds.ts'
import { readLedger } from '../block/ledger.ts'
import type { Feed } from '../config/feeds.ts'
import { stateDirectory } from '../config/state.ts'
import { keepSent, lastSent, lastTold, noteTold, readSent } from '../feeds/earlier.ts'
import { type HostList, listsOf } from '../feeds/lists.ts'
import { type Current, currentFeed, type Ground, refreshFeed } from '../feeds/refresh.ts'
import { selectHosts } from '../inventory/select.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { WantedFeeds } from '../plan/blocks.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import { exitCodeOfFeeds, feedLine, printFeed, printFeeds } from '../report/feeds.ts'
import { ledgerOf, sendToAll, wantedOf } from './blocking.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { guardedOf } from './guarded.ts'
import type { Inputs } from './inputs.ts'
import { warn } from './warnings.ts'

/**
 * Fetches the feeds that are due and brings the hosts in line. Made for cron: silent where nothing changed and nothing is
 * wrong. 0 all hosts have them; 1 nothing was done; 3 a feed wasn't taken, or a host wasn't reached; 4 as `fleet block`.
 */
export async function refresh(inputs: Inputs, flags: Flags): Promise<number> {
  const { feeds } = inputs.config
  if (!feeds) throw new FleetError('feeds-none')
  const { ground, guarded } = await groundOf(inputs)
  const currents = await Promise.all(feeds.map(feed => refreshFeed(feed, ground)))
  for (const { findings } of currents) for (const finding of findings) warn(finding)
  const listFor = listsFor(inputs, feeds, currents, guarded)
  const json = flag(flags, 'json', 'boolean') ?? false
  if (json) for (const current of currents) process.stdout.write(feedLine(current))
  const isNobodys = feeds.length > 0 && blockedOf(feeds).length === 0
  // Roles' lists are none of hosts' business; what they were told to block before is taken away.
  const isTold = !isNobodys || (await lastTold(ground.directory, ground.config)) > 0
  const outcomes = isTold ? await bring(inputs, flags, ground, listFor) : []
  if (!json) process.stdout.write(printFeeds(currents, outcomes))
  return exitCodeOfFeeds(currents, outcomes)
}

/** Tells hosts, together with what the ledger says: blocks make the place from which feeds are looked at. */
async function bring(
  inputs: Inputs,
  flags: Flags,
  ground: Ground,
  listFor: ListFor,
): Promise<readonly BlockOutcome[]> {
  const { entries } = await readLedger(ledgerOf(inputs))
  const goals = await goalsOf(inputs, ground, listFor, () => ground.now)
  await noteTold(ground.directory, ground.config, ground.now)
  const json = flag(flags, 'json', 'boolean') ?? false
  return sendToAll({
    inputs,
    flags,
    wanted: wantedOf(inputs, entries),
    voice: json ? openBlockVoice({ json, verb: 'repair' }) : { emit: () => undefined },
    hosts: inputs.hosts,
    news: [],
    feeds: goals,
  })
}

const blockedOf = (feeds: readonly Feed[]): readonly Feed[] => feeds.filter(({ isForRoles }) => !isForRoles)

/** What hosts are to have by the lists that were taken last, without asking anybody. */
export interface KnownFeeds {
  /** What a host that was looked at is held against. */
  readonly asked: (host: string) => WantedFeeds
  /** Why some host may not be sent its list. */
  readonly wrong: readonly Finding[]
  /** Error: `wrong`. */
  readonly goals: () => Promise<(host: string) => FeedGoal>
}

/**
 * Nothing where fleet.yml doesn't speak of feeds, or where no list of any was ever taken here. A host that was told by a
 * later refresh from elsewhere keeps what it has.
 */
export async function knownFeeds(inputs: Inputs): Promise<KnownFeeds | undefined> {
  const feeds = inputs.config.feeds && blockedOf(inputs.config.feeds)
  if (!feeds) return undefined
  const { ground, guarded } = await groundOf(inputs)
  const currents = await Promise.all(feeds.map(feed => currentFeed(feed, ground)))
  if (feeds.length > 0 && !currents.some(({ spans }) => spans)) return undefined
  const told = await lastTold(ground.directory, ground.config)
  const listFor = listsFor(inputs, feeds, currents, guarded)
  // Of a list that isn't whole nobody knows what it will be.
  const at = (list: HostList) => (list.lacks.length > 0 ? 0 : Math.max(list.at, told))
  return {
    asked: host => {
      const list = listFor(host)
      return { hash: list.hash, networks: list.networks, at: at(list) }
    },
    wrong: wrongOf(inputs, listFor),
    goals: () => goalsOf(inputs, ground, listFor, at),
  }
}

/** The feeds as they were taken last. */
export async function tellFeeds(inputs: Inputs, json: boolean): Promise<string> {
  const { ground } = await groundOf(inputs)
  const lines = (inputs.config.feeds ?? []).map(async feed => {
    const current = await currentFeed(feed, ground)
    return json ? feedLine(current) : printFeed(current, feed.isForRoles)
  })
  return (await Promise.all(lines)).join('')
}

/** Which feeds have addresses in common with these, by the lists that were taken last. */
export async function feedsCovering(
  inputs: Inputs,
  addresses: readonly string[],
): Promise<readonly { address: string; feed: string }[]> {
  const { ground } = await groundOf(inputs)
  const feeds = blockedOf(inputs.config.feeds ?? [])
  const currents = await Promise.all(feeds.map(feed => currentFeed(feed, ground)))
  return addresses.flatMap(address => {
    const meant = spansOf([address])
    const over = currents.filter(({ spans }) => spans && !isNothing(shared(spans, meant)))
    return over.map(({ name }) => ({ address, feed: name }))
  })
}

/**
 * What roles may name of feeds, by the list that was taken last; nothing where there is none. Of what is blocked nothing
 * is left that nobody may block; a list that is there for roles is whole.
 */
export async function listForRoles(inputs: Inputs, feed: Feed): Promise<Spans | undefined> {
  const { ground, guarded } = await groundOf(inputs)
  const { spans } = await currentFeed(feed, ground)
  return spans && (feed.isForRoles ? spans : takeOut(spansOf(guarded), spans))
}

/** What a feed comes to right now: fetched where it is due. */
export async function currentOf(inputs: Inputs, feed: Feed): Promise<Current> {
  return refreshFeed(feed, (await groundOf(inputs)).ground)
}

async function groundOf(inputs: Inputs): Promise<{ ground: Ground; guarded: readonly string[] }> {
  // Cron's list is everybody's: it must not change with who looks.
  const all = (await guardedOf(inputs)).all.filter(({ what }) => what !== 'operator')
  const own = all
    .filter(({ what }) => what === 'host' || what === 'controller')
    .map(({ what, name, cidr }) => ({ name: name ?? what, address: cidr }))
  const directory = join(stateDirectory(process.env, homedir()), 'feeds')
  const config = resolve(inputs.inventory.directory)
  return { ground: { directory, config, own, now: realClock.wall() }, guarded: all.map(({ cidr }) => cidr) }
}

type ListFor = (host: string) => HostList

function listsFor(
  inputs: Inputs,
  feeds: readonly Feed[],
  currents: readonly Current[],
  guarded: readonly string[],
): ListFor {
  const hostsOf = (limit: string) => selectHosts(inputs.inventory, limit).map(({ name }) => name)
  const named = new Map(currents.map(current => [current.name, current]))
  return listsOf(feeds, named, guarded, hostsOf)
}

const distinctLists = ({ hosts }: Inputs, listFor: ListFor): ReadonlySet<HostList> =>
  new Set(hosts.map(({ name }) => listFor(name)))

const wrongOf = (inputs: Inputs, listFor: ListFor): readonly Finding[] =>
  [...distinctLists(inputs, listFor)].flatMap(({ wrong }) => wrong ?? [])

/** One goal for hosts that are alike, each of its lists remembered before anybody is sent it. */
async function goalsOf(
  inputs: Inputs,
  { directory }: Ground,
  listFor: ListFor,
  at: (list: HostList) => number,
): Promise<(host: string) => FeedGoal> {
  const wrong = wrongOf(inputs, listFor)
  if (wrong.length > 0) throw new FleetErrors(wrong)
  const lists = distinctLists(inputs, listFor)
  const goals = new Map<HostList, FeedGoal>()
  for (const list of lists) {
    const last = await lastSent(directory, list)
    const read = (hash: string) => readSent(directory, hash)
    goals.set(list, makeGoal(list, at(list), read, last))
  }
  for (const list of lists) await keepSent(directory, list)
  return host => {
    const goal = goals.get(listFor(host))
    if (!goal) throw new Error(`no list of feeds was made for ${host}`)
    return goal
  }
}
