import { spawn } from 'node:child_process'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { printJudgements } from '../table.ts'
import type { Figures } from './figures.ts'
import { judgeRollout, printFigures } from './table.ts'

const SIMULATE = fileURLToPath(new URL('../simulate.js', import.meta.url))

interface Asked {
  readonly hosts: string
  readonly kinds: string
  readonly stages: string
}

/** A rollout over simulated hosts, in a process of its own, so that its memory is what fleet takes. */
export async function runRollout(asked: Asked, profiles: string | undefined): Promise<void> {
  process.stderr.write(`${asked.hosts} simulated hosts\n`)
  const before = loadavg()[0] ?? 0
  const { figures, drawn } = await simulate(asked, profiles)
  const loads = `load average before and after: ${before.toFixed(1)} ${(loadavg()[0] ?? 0).toFixed(1)}`
  process.stdout.write(printFigures(figures))
  process.stdout.write(`\n${drawn} bytes of progress\n${loads}\n`)
  process.stdout.write(printJudgements(judgeRollout(figures)))
}

async function simulate(
  asked: Asked,
  profiles: string | undefined,
): Promise<{ figures: Figures; drawn: number }> {
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
  const flags = Object.entries(asked).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [...profiling, SIMULATE, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let drawn = 0
  let last = ''
  child.stdout.on('data', chunk => {
    said += String(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    drawn += chunk.length
    last = (last + String(chunk)).slice(-4000)
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`the simulation ended with ${code}:\n${said.slice(-2000)}${last}`)
  return { figures: JSON.parse(said.trimEnd().split('\n').at(-1) ?? ''), drawn }
}
