import { availableParallelism, loadavg } from 'node:os'
import { findAnsible } from '../ansible.ts'
import { type Ground, prepareGround } from '../ground.ts'
import type { Measured, Sample } from '../measure.ts'
import { printJudgements } from '../table.ts'
import { BLOCKERS, fleetBlock, fresh, UNTOUCHED } from './contestants.ts'
import { judgeBlocks } from './judge.ts'
import { takeLarge } from './large.ts'
import type { BlockRun } from './samples.ts'
import { succeed } from './succeed.ts'
import { printBlocks } from './table.ts'

/*
 * What `fleet block` costs beside the least that any tool could do (one connection a host, which runs `true`), and
 * beside Ansible: on real sshds, in turns, in the same minutes on the same machine.
 */

const say = (line: string) => void process.stderr.write(`${line}\n`)

export interface BlockOptions {
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly withAnsible: boolean
  /** Entries of the long list; 0: none. */
  readonly entries: number
}

export async function runBlocks(options: BlockOptions): Promise<void> {
  const runs: BlockRun[] = []
  for (const size of options.sizes) {
    const run = await runOne(size, options)
    runs.push(run)
    process.stdout.write(printBlocks(run))
  }
  process.stdout.write(printJudgements(runs.flatMap(judgeBlocks)))
}

async function runOne(hosts: number, options: BlockOptions): Promise<BlockRun> {
  const ground = await prepareGround(hosts, say)
  const stop = (signal: string) => {
    say(`${signal}: the lab ends`)
    void ground.end().finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await takeAll(ground, hosts, options)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await ground.end()
  }
}

async function takeAll(ground: Ground, hosts: number, options: BlockOptions): Promise<BlockRun> {
  const { rounds, withAnsible, entries } = options
  const ansible = withAnsible ? findAnsible() : { missing: ['Ansible was left out'] }
  const untouched = await succeed(ground, fleetBlock('198.51.100.1'))
  say(`${UNTOUCHED}: ${untouched.sample.wall.toFixed(2)} s`)
  const { samples, firsts, loads } = await takeRounds(ground, rounds, 'quick' in ansible)
  await checkHosts(ground, rounds)
  const large = entries > 0 ? await takeLarge(ground, entries, rounds, say) : undefined
  return {
    hosts,
    rounds,
    cores: availableParallelism(),
    samples: new Map([...samples, [UNTOUCHED, [untouched.sample]]]),
    firsts,
    firstUntouched: whenFirst(untouched),
    ...(large && { large }),
    notes: [...ansible.missing, `load average at the start of each round: ${loads.join(' ')}`],
  }
}

async function takeRounds(ground: Ground, rounds: number, withAnsible: boolean) {
  const contestants = [
    BLOCKERS.bare,
    BLOCKERS.block,
    ...(withAnsible ? [BLOCKERS.ansible, BLOCKERS.tuned] : []),
  ]
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]))
  const firsts: number[] = []
  const loads: string[] = []
  for (let round = 1; round <= rounds; round += 1) {
    loads.push((loadavg()[0] ?? 0).toFixed(1))
    for (const one of contestants) {
      const measured = await succeed(ground, one.command(ground, round), one)
      if (one === BLOCKERS.block) firsts.push(whenFirst(measured))
      say(`round ${round}: ${one.name}: ${measured.sample.wall.toFixed(2)} s`)
      samples.get(one.name)?.push(measured.sample)
    }
  }
  return { samples, firsts, loads }
}

const whenFirst = ({ saidAfter }: Measured) => saidAfter(/^\S+ is protected, .*$/m) ?? Number.NaN

/** What is fast and does nothing would win: every host has every address. */
async function checkHosts({ lab }: Ground, rounds: number): Promise<void> {
  const tests = Array.from({ length: rounds }, (_, index) => `ipset -q test fleet-block4 ${fresh(index + 1)}`)
  for (const host of lab.hosts) {
    const { code } = await host.exec(tests.join(' && '))
    if (code !== 0) throw new Error(`${host.name} doesn't block all that it was told to`)
  }
}
