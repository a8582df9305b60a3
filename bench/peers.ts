import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import type { Lab } from '../src/lab/lab.ts'
import { findCollection } from './peers/collection.ts'
import { FAULTS, type Fault } from './peers/faults.ts'
import { fleet } from './peers/fleet.ts'
import { prepareGround } from './peers/ground.ts'
import { iptablesApply } from './peers/iptables-apply.ts'
import { iptablesState } from './peers/iptables-state.ts'
import type { Peer } from './peers/peer.ts'
import { printTable, type Row, tell } from './peers/table.ts'
import { tryFault } from './peers/trial.ts'
import { versions } from './peers/versions.ts'

/*
 * Other tools that take back rules which lock one out, and fleet, under the same faults on hosts of the same kind.
 *
 *   npm run bench:peers -- [--only FAULT,FAULT] [--at-once 5] [--json FILE]
 */

const say = (line: string) => void process.stderr.write(`${line}\n`)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      'at-once': { type: 'string', default: '5' },
      json: { type: 'string' },
    },
  })
  const only = values.only?.split(',')
  const faults = FAULTS.filter(({ name }) => only?.includes(name) ?? true)
  const collections = await findCollection()
  const peers = [iptablesApply, iptablesState(collections), fleet]
  const lab = await prepareGround(faults, peers, say)
  const stop = (signal: string) => {
    say(`${signal}: the lab ends`)
    void lab.stop().finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const table = await tryAll(lab, faults, peers, Number(values['at-once']))
    process.stdout.write(printTable(table, peers))
    process.stdout.write(await versions(lab, collections))
    if (values.json !== undefined) writeFileSync(values.json, toJson(table))
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await lab.stop()
  }
}

/** The slow ones begin first, so that nobody waits for them alone. */
async function tryAll(
  lab: Lab,
  faults: readonly Fault[],
  peers: readonly Peer[],
  atOnce: number,
): Promise<readonly Row[]> {
  const limit = pLimit(atOnce)
  const slowFirst = faults.toSorted((one, other) => (other.patience ?? 0) - (one.patience ?? 0))
  const tryOne = async (fault: Fault, peer: Peer) => {
    const outcome = await tryFault(lab, fault, peer).catch(String)
    say(`${fault.name}: ${peer.name}: ${tell(fault, outcome)}`)
    return { fault, key: peer.key, outcome }
  }
  const cells = slowFirst.flatMap(fault => peers.map(peer => limit(() => tryOne(fault, peer))))
  const tried = await Promise.all(cells)
  return faults.map(fault => {
    const own = tried.filter(one => one.fault === fault)
    return { fault, outcomes: Object.fromEntries(own.map(({ key, outcome }) => [key, outcome])) }
  })
}

const toJson = (rows: readonly Row[]) =>
  `${JSON.stringify(
    rows.map(({ fault, outcomes }) => ({ fault: fault.name, ...outcomes })),
    null,
    2,
  )}\n`

await main()
