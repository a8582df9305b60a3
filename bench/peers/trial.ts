import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../src/lab/lab.ts'
import { FarLine } from '../../test/faults/far-line.ts'
import { foreignLines } from '../../test/integration/hosts/foreign.ts'
import { allowConnections, allowOneConnection } from '../../test/integration/hosts/one-connection.ts'
import type { Fault } from './faults.ts'
import { isReachable, type Peer, type Place, WINDOW, type Word } from './peer.ts'
import { signal } from './program.ts'
import { canonical, type Reading, read, type Sides } from './reading.ts'
import { NEW, NOTHING, OLD, OTHER } from './rules.ts'

/** What was seen of one tool under one fault. */
export interface Outcome {
  /** Of the tool; of the second one too, where two came. */
  readonly words: readonly Word[]
  readonly live: Reading
  readonly boots: Reading
  readonly reachable: boolean
  /** Docker's chains are as they came. */
  readonly dockerKept: boolean
  /** The rules were never in force, so that there was no window for the fault. */
  readonly noWindow: boolean
}

/** Milliseconds that a tool may take, that a host is given beyond the deadline before it is read, and between looks. */
const PATIENCE = 90_000
const GRACE = 10_000
const LOOK = 30

const DEAD = { said: 'nothing, it was killed', claims: 'nothing' } as const

/** Runs one tool under one fault on the host that is theirs. */
export async function tryFault(lab: Lab, fault: Fault, peer: Peer): Promise<Outcome> {
  const place = placeOf(lab, fault, `${fault.name}-${peer.key}`)
  const { host } = place
  const sides = await canonical(host, sidesOf(fault))
  await peer.prepare?.(place, fault.rules)
  await fault.before?.(host)
  await expectOld(place, sides)
  const before = await foreignLines(host)
  if (fault.shape) await host.shape(fault.shape)
  const line = fault.line && (await FarLine.to(lab, host.name, fault.line))
  const { words, noWindow, docker = before } = await workUnder(fault, place, peer, sides)
  if (fault.shape) await host.shape(null)
  await line?.shape({})
  const live = await read(host, sides)
  const dockerKept = docker.join('\n') === (await foreignLines(host)).join('\n')
  const reachable = await isReachable(place)
  await host.unplug()
  await host.boot()
  return { words, live, boots: await read(host, sides), reachable, dockerKept, noWindow }
}

function placeOf(lab: Lab, fault: Fault, name: string): Place {
  const host = lab.host(name)
  return { lab, host, folder: folderOf(lab, name), address: fault.six ? host.address6 : host.address4 }
}

function folderOf(lab: Lab, name: string): string {
  const folder = join(lab.stateDir, `at-${name}`)
  mkdirSync(folder)
  return folder
}

const open = (text: string) => text.replace(':FORWARD DROP', ':FORWARD ACCEPT')

const sidesOf = ({ rules, empty }: Fault): Sides => ({
  OLD: empty ? NOTHING : OLD,
  NEW: rules,
  'the rules of the second': OTHER,
  'NEW without its second table': NEW,
  'NEW with FORWARD open': { 4: open(rules[4]), 6: open(rules[6]) },
})

async function expectOld({ host }: Place, sides: Sides): Promise<void> {
  const found = await read(host, sides)
  if (found[4] !== 'OLD' || found[6] !== 'OLD')
    throw new Error(`${host.name} begins with ${found[4]} and ${found[6]}`)
}

interface Worked {
  readonly words: readonly Word[]
  readonly noWindow: boolean
  /** Docker's lines as they came in the window. */
  readonly docker?: readonly string[]
}

async function workUnder(fault: Fault, place: Place, peer: Peer, sides: Sides): Promise<Worked> {
  const { lab, host } = place
  const words: Word[] = []
  const release = async () => {
    if (fault.held) await allowConnections(lab, host.name)
  }
  const another = async () => {
    words.push(await workSecond(fault, place, peer))
  }
  if (fault.held) await allowOneConnection(lab, host.name)
  const work = patiently(fault, place, peer.work(place, fault.rules))
  const opened = fault.blow === undefined || (await windowOpens(place, sides, work))
  const since = Date.now()
  if (opened) await fault.blow?.({ ...place, peer, release, another })
  const docker = opened && fault.blow ? await foreignLines(host) : undefined
  await release()
  const word = await work
  words.unshift(fault.silent && opened ? { ...word, ...DEAD } : word)
  await sleep(Math.max(0, since + WINDOW * 1000 + (fault.grace ?? GRACE) - Date.now()))
  return { words, noWindow: !opened, ...(docker && { docker }) }
}

/** Who hangs for good is ended by hand. */
async function patiently({ patience = PATIENCE }: Fault, place: Place, work: Promise<Word>): Promise<Word> {
  const timer = new AbortController()
  const late = sleep(patience, true, { signal: timer.signal }).catch(() => false)
  const isLate = await Promise.race([work.then(() => false), late])
  timer.abort()
  if (isLate) await signal(place, 'SIGKILL')
  const word = await work
  return isLate ? { ...word, said: `no end within ${patience / 1000} s`, claims: 'nothing' } : word
}

/** Whether other rules than OLD are in force before the tool has ended. */
async function windowOpens({ host }: Place, sides: Sides, work: Promise<Word>): Promise<boolean> {
  const isOver = work.then(() => true)
  do {
    const { 4: four, 6: six } = await read(host, sides)
    if (four !== 'OLD' || six !== 'OLD') return true
  } while (!(await Promise.race([isOver, sleep(LOOK, false)])))
  return false
}

async function workSecond(fault: Fault, place: Place, peer: Peer): Promise<Word> {
  const own = { ...place, folder: folderOf(place.lab, `${place.host.name}-second`) }
  return await patiently(fault, own, peer.work(own, OTHER))
}
