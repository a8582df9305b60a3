import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { changeHosts } from '../src/cli/change.ts'
import type { Figures } from './rollout/figures.ts'
import { writeInventory } from './rollout/inventory.ts'
import { prepareSimulated } from './rollout/prepare.ts'
import type { World } from './rollout/simulated-host.ts'
import { StallWatch } from './rollout/stall-watch.ts'

/*
 * One rollout over simulated hosts, in a process of its own; its last line on standard output is what was measured.
 *
 *   node [--cpu-prof] build/bench/simulate.js [--hosts 10000] [--kinds 20] [--stages 1,10%,100%] [--forks 100]
 */

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hosts: { type: 'string', default: '10000' },
      kinds: { type: 'string', default: '20' },
      stages: { type: 'string', default: '1,10%,100%' },
      forks: { type: 'string', default: '100' },
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'))
  try {
    const figures = await measure(folder, { ...values, forks: Number(values.forks) })
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Asked {
  readonly hosts: string
  readonly kinds: string
  readonly stages: string
  readonly forks: number
}

async function measure(folder: string, { hosts, kinds, stages, forks }: Asked): Promise<Figures> {
  process.chdir(folder)
  process.env.HOME = folder
  // The progress is one for a terminal, whoever reads it.
  Object.assign(process.stderr, { isTTY: true, columns: 120, rows: 40 })
  const rows = writeInventory(folder, Number(hosts), Number(kinds))
  const world: World = { kinds: new Map(), exchanges: {} }
  const started = performance.now()
  let began = 0
  let cpu = process.cpuUsage()
  let watch = new StallWatch()
  const begins = () => {
    watch.end()
    watch = new StallWatch()
    began = performance.now()
    cpu = process.cpuUsage()
  }
  const journal = join(folder, 'journals')
  const flags = { inventory: ['inventory.ini'], journal, stages, forks }
  const prepared = await prepareSimulated(flags, rows, world, begins)
  await changeHosts(flags, prepared, never, { asks: 'Apply to' })
  const ended = performance.now()
  const used = process.cpuUsage(cpu)
  const stalls = watch.end()
  const peak = process.resourceUsage().maxRSS / 1024
  return {
    hosts: rows.length,
    inFlight: forks,
    ...whatWasDone(journal),
    exchanges: world.exchanges,
    prepared: (began - started) / 1000,
    wall: (ended - began) / 1000,
    cpu: (used.user + used.system) / 1e6,
    peak,
    stalls,
  }
}

const never = { stop: new AbortController().signal, cancel: new AbortController().signal, forget: () => {} }

/** As the journal tells it. */
function whatWasDone(journal: string): Pick<Figures, 'stages' | 'states'> {
  const [name = ''] = readdirSync(journal)
  const events = readFileSync(join(journal, name), 'utf8')
    .trimEnd()
    .split('\n')
    .filter(line => /"type":"(rollout-planned|run-ended)"/.test(line))
    .map(line => JSON.parse(line))
  const { stages } = events.find(({ type }) => type === 'rollout-planned')
  const { states } = events.find(({ type }) => type === 'run-ended')
  return { stages: stages.map((hosts: readonly string[]) => hosts.length), states }
}

await main()
