import { loadavg } from 'node:os'
import { FLEET, type Ground, prepareGround } from '../ground.ts'
import { measure } from '../measure.ts'
import { printJudgements } from '../table.ts'
import { costOf, judgeCost, printCost } from './table.ts'
import type { Walls } from './walls.ts'

/*
 * What stages cost beside one: the same change to the same hosts, in turns. The hosts of later stages are looked at
 * once more; what that costs is what `fleet plan` takes beyond reading and rendering, for their share of the hosts.
 */

const say = (line: string) => void process.stderr.write(`${line}\n`)

/** Changes the hosts in one stage and in several, and says what the several cost more. */
export async function runStaged(hosts: number, rounds: number, stages: string): Promise<void> {
  const ground = await prepareGround(hosts, say)
  const stop = (signal: string) => {
    say(`${signal}: the lab ends`)
    void ground.end().finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const walls: Walls = { one: [], staged: [], plan: [], list: [] }
  const loads: string[] = []
  try {
    say('the first apply makes all hosts alike; it is not counted')
    await take(ground, 'apply', 8000)
    for (let round = 1; round <= rounds; round += 1) {
      loads.push((loadavg()[0] ?? 0).toFixed(1))
      await takeRound(ground, round, stages, walls)
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await ground.end()
  }
  const cost = costOf(hosts, stages, walls)
  process.stdout.write(printCost(hosts, rounds, cost))
  process.stdout.write(`\nload average at the start of each round: ${loads.join(' ')}\n`)
  process.stdout.write(printJudgements([judgeCost(hosts, cost)]))
}

async function takeRound(ground: Ground, round: number, stages: string, walls: Walls): Promise<void> {
  const soakless = ['--stages', stages, '--soak', '0s']
  walls.one.push(await take(ground, 'apply', 8000 + round))
  walls.list.push(await take(ground, 'plan', 9000 + round, ['--list-hosts']))
  walls.plan.push(await take(ground, 'plan', 9000 + round))
  walls.staged.push(await take(ground, 'apply', 9000 + round, soakless))
  const line = Object.entries(walls).map(([name, taken]) => `${name} ${taken.at(-1)?.toFixed(2)} s`)
  say(`round ${round}: ${line.join(', ')}`)
}

/** Exit codes that are no trouble: a plan that would change something says 2. */
const GOOD: Readonly<Record<string, readonly number[]>> = { apply: [0], plan: [0, 2] }

/** Seconds that a command takes. `port` makes it a change. */
async function take(
  ground: Ground,
  command: string,
  port: number,
  flags: readonly string[] = [],
): Promise<number> {
  const change = JSON.stringify({ http_ports: [80, 443, port] })
  const argv = [process.execPath, FLEET, command, 'inventory.ini', '-e', change, ...flags]
  const { sample, code, said } = await measure(ground, argv)
  if (!GOOD[command]?.includes(code))
    throw new Error(`${argv.join(' ')} ended with ${code}:\n${said.slice(-4000)}`)
  return sample.wall
}
