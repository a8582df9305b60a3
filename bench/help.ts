import { spawnSync } from 'node:child_process'
import { FLEET } from './ground.ts'
import { median } from './statistics.ts'

/** Milliseconds: medians. */
export interface Help {
  readonly fleet: number
  readonly node: number
}

const TIMES = 21

/** `fleet --help` beside a Node that does nothing, in turns. */
export function compareHelp(): Help {
  const fleet: number[] = []
  const node: number[] = []
  for (let turn = 0; turn < TIMES; turn += 1) {
    node.push(time(['-e', '0']))
    fleet.push(time([FLEET, '--help']))
  }
  return { fleet: median(fleet), node: median(node) }
}

function time(args: readonly string[]): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`)
  return performance.now() - started
}
