import { FleetError } from '../model/error.ts'
import type { PerFamily } from '../model/family.ts'
import type { Session } from '../session/session.ts'
import { readFeeds } from './block-answer.ts'
import { callHost, EXIT, type Reply, readHost, stopOf } from './call.ts'
import { findDamaged, readMeta } from './meta.ts'
import type { ChangedSet, Generation, GuardLock, HostBlocks, Manager, Observation } from './observation.ts'
import { type Pieces, readFacts } from './pieces.ts'

/** What is asked of a host: may it be this? Texts for iptables-restore and for `ipset restore`. */
export interface Candidate {
  readonly rules: PerFamily<string>
  readonly sets: string
  /** A hash of all of it, which the host compares with the last confirmed one's. */
  readonly hash: string
}

/** What stood before fleet, in place of a candidate: the host has it. */
const BEFORE: Candidate = { rules: { 4: '', 6: '' }, sets: '', hash: 'before' }

/**
 * Reads a host that fleet is to be removed from; `canonical` is what stood before. A host that fleet never changed,
 * and that blocks nothing, keeps nothing of this. Errors: `host-refuses` where what stood before is missing or damaged, and observe's.
 */
export async function observeBefore(session: Session): Promise<Observation> {
  const reply = await readHost(session, { verb: 'report', timeout: 60_000 })
  if (reply.code !== EXIT.done) throw observeError(reply)
  const none = { isTouched: false, files: [], isBooted: false }
  if (isTouched(reply.pieces)) return observe(session, BEFORE)
  if (!reply.pieces.has('blocks')) return { ...readObservation(reply.pieces), before: none }
  const seen = await observe(session, BEFORE)
  return { ...seen, before: { ...(seen.before ?? none), isTouched: false } }
}

/**
 * Reads a host; the candidate is a generation of its own that was confirmed once. Errors: `host-refuses`, with those that
 * it has where there is no such generation, and observe's.
 */
export async function observeGeneration(session: Session, number: number | 'previous'): Promise<Observation> {
  try {
    return await observe(session, { ...BEFORE, hash: `gen-${number}` })
  } catch (error) {
    if (!(error instanceof FleetError) || error.args.why !== 'generation-missing') throw error
    const args = { ...error.args, has: await generationsOf(session) }
    throw new FleetError(error.code, args, { hostState: 'refused', cause: error })
  }
}

const LIST_GENERATIONS = 'cd /etc/iptables/fleet 2>/dev/null && ls -d gen-*'

/** Their numbers; 0, what stood before fleet, is none. Of a host that doesn't say, none. */
async function generationsOf(session: Session): Promise<readonly string[]> {
  try {
    const { stdout } = await session.run({ script: LIST_GENERATIONS, timeout: 10_000, maxOutput: 65_536 })
    return lines(stdout).flatMap(name => /^gen-0*([1-9]\d*)$/.exec(name)?.[1] ?? [])
  } catch (error) {
    if (error instanceof FleetError) return []
    throw error
  }
}

/** Asks for no rules at all. */
const NOTHING: Candidate = { ...BEFORE, hash: 'nothing' }

/**
 * Reads a host, and once more with what it is to go back to, as what was seen of it says: a generation of its own,
 * what stood before fleet (0), or nowhere (undefined). Errors: those of the others.
 */
export async function observeRelease(
  session: Session,
  wayOf: (seen: Observation) => number | 'previous' | undefined,
): Promise<Observation> {
  const seen = await observe(session, NOTHING)
  const to = wayOf(seen)
  if (to === undefined) return seen
  return to === 0 ? observeBefore(session) : observeGeneration(session, to)
}

export const isTouched = (pieces: Pieces): boolean =>
  readFacts(pieces.get('facts')).get('touched')?.[0] === 'yes'

/** Reads a host; changes nothing. Errors: `host-storage`, `host-refuses`, and callHost's. */
export async function observe(
  session: Session,
  candidate: Candidate,
  timeout = 60_000,
): Promise<Observation> {
  const files = { 'cand.4': candidate.rules[4], 'cand.6': candidate.rules[6], sets: candidate.sets }
  const reply = await callHost(session, { verb: 'observe', files, args: [candidate.hash], timeout })
  if (reply.code !== EXIT.done) throw observeError(reply)
  return readObservation(reply.pieces)
}

function observeError(reply: Reply): FleetError {
  const { why, detail } = stopOf(reply)
  if (reply.code === EXIT.storage)
    return new FleetError('host-storage', { place: detail }, { hostState: 'refused' })
  return new FleetError('host-refuses', { why, detail }, { hostState: 'refused' })
}

function readObservation(pieces: Pieces): Observation {
  const facts = readFacts(pieces.get('facts'))
  const one = (key: string) => facts.get(key)?.[0] ?? ''
  const both = (name: string): PerFamily<string> => ({
    4: pieces.get(`${name}.4`) ?? '',
    6: pieces.get(`${name}.6`) ?? '',
  })
  const sockets = lines(pieces.get('sockets'))
  const errors = [...pieces].filter(([name]) => name.startsWith('error.'))
  return {
    bootId: one('boot_id'),
    up: readUp(facts),
    sshConnection: one('ssh_connection'),
    interface: facts.get('interface')?.[0],
    ...(facts.has('gateway') ? { gateway: one('gateway') } : {}),
    ...(one('direct') === 'yes' ? { isDirect: true } : {}),
    init: one('init') === 'systemd' ? 'systemd' : 'other',
    ...(facts.has('apart') ? { apart: one('apart') } : {}),
    os: one('os'),
    release: one('release'),
    iptables: one('iptables'),
    ipv6: one('ipv6') !== 'off',
    lacks: facts.get('lacks') ?? [],
    persistent: one('persistent') === 'yes',
    rulesFiles: facts.get('has') ?? [],
    boots: both('boots'),
    managers: (facts.get('manager') ?? []).map(readManager),
    live: both('live'),
    other: both('other'),
    asleep: lines(pieces.get('asleep')).map(place => place.replace(':', ' ')),
    natives: lines(pieces.get('native')),
    sets: lines(pieces.get('sets')),
    members: readMembers(pieces.get('members')),
    sockets: sockets.includes('#no ss') ? undefined : sockets,
    generation: readGeneration(pieces),
    ...readBlocks(pieces),
    canonical: pieces.has('canon.4') && pieces.has('canon.6') ? both('canon') : undefined,
    asConfirmed: pieces.has('confirmed-as-is'),
    loadErrors: new Map(errors.map(([name, text]) => [name.slice('error.'.length), text.trim()])),
    guard: readLock(pieces.get('guard')),
    arming: readFacts(pieces.get('guard')).has('arming'),
    ...readBefore(pieces.get('before')),
    ...readTarget(pieces),
  }
}

/** `NAME`, or `SCRIPT CALLER` with a tab between; a script of init is run by nobody else. */
function readManager(line: string): Manager {
  const [name = '', caller = name] = line.split('\t')
  return caller === name ? { name } : { name, caller }
}

/** `SET ADDRESS...` */
function readMembers(piece: string | undefined): ReadonlyMap<string, readonly string[]> {
  const words = lines(piece).map(line => line.split(' '))
  return new Map(words.map(([name = '', ...addresses]) => [name, addresses]))
}

export function readBlocks(pieces: Pieces): { readonly blocks?: HostBlocks } {
  if (!pieces.has('blocks')) return {}
  const facts = readFacts(pieces.get('blocks'))
  const hash = facts.get('hash')?.[0] ?? ''
  const isPersisted = facts.get('persisted')?.[0] === 'yes'
  const [feeds] = facts.get('feeds') ?? []
  return { blocks: { hash, isPersisted, ...(feeds === undefined ? {} : { feeds: readFeeds(feeds) }) } }
}

function readBefore(piece: string | undefined): Pick<Observation, 'before'> {
  if (piece === undefined) return {}
  const facts = readFacts(piece)
  const isBooted = facts.get('booted')?.[0] === 'yes'
  return { before: { isTouched: true, files: facts.get('has') ?? [], isBooted } }
}

function readTarget(pieces: Pieces): Pick<Observation, 'target'> {
  if (!pieces.has('target')) return {}
  const facts = readFacts(pieces.get('target'))
  const ipsets = pieces.get('target.ipsets') ?? ''
  return {
    target: { number: Number(facts.get('number')?.[0]), hash: facts.get('candidate')?.[0] ?? '', ipsets },
  }
}

function readGeneration(pieces: Pieces): Generation {
  const facts = readFacts(pieces.get('generation'))
  const yes = (key: string) => facts.get(key)?.[0] === 'yes'
  const file = (name: string) => pieces.get(`current.${name}`) ?? ''
  const { nonce, lockdown, ...origin } = readMeta(file('meta.json'))
  const number = Number(facts.get('number')?.[0] ?? 0)
  const names = ['rules.v4', 'rules.v6', 'ipsets']
  const files = () => Object.fromEntries(names.map(name => [name, file(name)]))
  return {
    number,
    newest: Number(facts.get('newest')?.[0] ?? number),
    nonce,
    ...(origin.made === '' ? {} : { origin }),
    ...(lockdown === undefined ? {} : { lockdown }),
    whole: yes('whole'),
    ...(number > 0 && !yes('whole') ? { damaged: findDamaged(file('meta.json'), files()) } : {}),
    linked: yes('linked'),
    plugins: yes('plugins'),
    enabled: yes('enabled'),
    rules: { 4: file('rules.v4'), 6: file('rules.v6') },
    ipsets: file('ipsets'),
    ...(facts.has('set') ? { changedSets: (facts.get('set') ?? []).map(readChangedSet) } : {}),
  }
}

/** `NAME MISSING ADDED` */
function readChangedSet(line: string): ChangedSet {
  const [name = '', missing, added] = line.split(' ')
  return { name, missing: Number(missing), added: Number(added) }
}

/** Milliseconds since a host was booted; 0 where it doesn't say when its first process began. */
export function readUp(facts: ReadonlyMap<string, readonly string[]>): number {
  const [now, init] = ['uptime_cs', 'init_cs'].map(key => Number(facts.get(key)?.[0] ?? Number.NaN))
  return Math.max(0, ((now ?? 0) - (init ?? 0)) * 10) || 0
}

export function readLock(piece: string | undefined): GuardLock | undefined {
  const facts = readFacts(piece)
  const one = (key: string) => facts.get(key)?.[0] ?? ''
  if (!facts.has('nonce')) return undefined
  return {
    nonce: one('nonce'),
    run: one('run'),
    who: one('who'),
    since: one('since'),
    state: one('state'),
    alive: one('alive') === 'yes',
  }
}

const lines = (piece = '') => piece.split('\n').filter(line => line !== '')
