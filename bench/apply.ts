import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { findAnsible } from './ansible.ts'
import { runBlocks } from './block/run.ts'
import { CONTESTANTS, type Contestant, fleetApply } from './contestants.ts'
import { type Ground, prepareGround } from './ground.ts'
import { compareHelp, type Help } from './help.ts'
import { type Judgement, judgeGrowth, judgeHelp, judgeRun } from './judge.ts'
import { measure, type Sample } from './measure.ts'
import { runRollout } from './rollout/run.ts'
import type { Run } from './run.ts'
import { runStaged } from './staged/run.ts'
import { printJudgements, printRun } from './table.ts'

/*
 * What `fleet apply` costs beside the least that any tool could do, and beside Ansible: on real sshds, in turns, in
 * the same minutes on the same machine.
 *
 *   npm run bench -- [--hosts 50] [--rounds 5] [--linear] [--no-ansible] [--json FILE]
 *   npm run bench -- --rollout [--hosts 10000] [--kinds 20] [--stages 1,10%,100%] [--cpu-prof DIRECTORY]
 *   npm run bench -- --staged [--hosts 200] [--rounds 5] [--stages 1,10%,100%]
 *   npm run bench -- --block [--hosts 100,500] [--rounds 5] [--entries 100000] [--no-ansible]
 */

const LINEAR = [50, 500] as const
const say = (line: string) => void process.stderr.write(`${line}\n`)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hosts: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      linear: { type: 'boolean', default: false },
      'no-ansible': { type: 'boolean', default: false },
      json: { type: 'string' },
      rollout: { type: 'boolean', default: false },
      staged: { type: 'boolean', default: false },
      block: { type: 'boolean', default: false },
      entries: { type: 'string', default: '100000' },
      kinds: { type: 'string', default: '20' },
      stages: { type: 'string', default: '1,10%,100%' },
      'cpu-prof': { type: 'string' },
    },
  })
  const { kinds, stages, hosts = values.rollout ? '10000' : values.staged ? '200' : '50' } = values
  const rounds = Number(values.rounds)
  if (values.rollout) return runRollout({ hosts, kinds, stages }, values['cpu-prof'])
  if (values.staged) return runStaged(Number(hosts), rounds, stages)
  if (values.block)
    return runBlocks({
      sizes: (values.hosts ?? '100,500').split(',').map(Number),
      rounds,
      withAnsible: !values['no-ansible'],
      entries: Number(values.entries),
    })
  const sizes = values.linear ? LINEAR : [Number(hosts)]
  const help = compareHelp()
  const runs: Run[] = []
  for (const size of sizes) {
    const run = await runOne(size, rounds, !values['no-ansible'] && !values.linear)
    runs.push(run)
    process.stdout.write(printRun(run))
  }
  const judgements = [...runs.flatMap(judgeRun), ...judgeGrowth(runs), judgeHelp(help)]
  process.stdout.write(printJudgements(judgements))
  if (values.json !== undefined) writeFileSync(values.json, toJson(runs, help, judgements))
}

async function runOne(hosts: number, rounds: number, withAnsible: boolean): Promise<Run> {
  const ansible = withAnsible ? findAnsible() : { missing: ['Ansible was left out'] }
  const contestants: Contestant[] = [
    ...Object.values(CONTESTANTS),
    ...('quick' in ansible && ansible.quick ? [ansible.quick] : []),
    ...('safe' in ansible && ansible.safe ? [ansible.safe] : []),
  ]
  const ground = await prepareGround(hosts, say)
  const stop = (signal: string) => {
    say(`${signal}: the lab ends`)
    void ground.end().finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const loads: number[] = []
  try {
    say('the first apply makes all hosts alike; it is not counted')
    await succeed(ground, fleetApply(0))
    const samples = new Map<string, Sample[]>()
    for (let round = 1; round <= rounds; round += 1) {
      loads.push(loadavg()[0] ?? 0)
      for (const one of contestants) {
        const sample = await takeTurn(ground, one, round)
        say(`round ${round}: ${one.name}: ${sample.wall.toFixed(2)} s`)
        samples.set(one.name, [...(samples.get(one.name) ?? []), sample])
      }
    }
    const notes = [
      ...ansible.missing,
      `load average at the start of each round: ${loads.map(load => load.toFixed(1)).join(' ')}`,
    ]
    return { hosts, rounds, cores: availableParallelism(), samples, notes }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await ground.end()
  }
}

async function takeTurn(ground: Ground, one: Contestant, round: number): Promise<Sample> {
  const sample = await succeed(
    ground,
    one.command(ground, round),
    () => one.clean?.(ground) ?? Promise.resolve(),
  )
  if (one.disturbs) await succeed(ground, CONTESTANTS.bareTwo.command(ground, 0))
  return sample
}

async function succeed(
  ground: Ground,
  argv: readonly string[],
  clean?: () => Promise<void>,
): Promise<Sample> {
  const { sample, code, said } = await measure(ground, argv, clean)
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${said.slice(-4000)}`)
  return sample
}

function toJson(runs: readonly Run[], help: Help, judgements: readonly Judgement[]): string {
  const plain = runs.map(run => ({ ...run, samples: Object.fromEntries(run.samples) }))
  return `${JSON.stringify({ runs: plain, help, judgements }, null, 2)}\n`
}

await main()
