import { atLeast, atMost, type Judgement } from '../judge.ts'
import { ANSWER, type Figures } from './figures.ts'
import { idealOf, sumOf, WAIT } from './ideal.ts'

const seconds = (value: number) => `${value.toFixed(1)} s`

export function printFigures(figures: Figures): string {
  const { hosts, inFlight, stages, exchanges, states, prepared, wall, cpu, peak, stalls } = figures
  const { answers, waits, ends } = idealOf(figures)
  const asked = Object.entries(exchanges).map(([verb, times]) => `${times} ${verb}`)
  const became = Object.entries(states).map(([state, count]) => `${count} ${state}`)
  const rows: readonly (readonly [string, string])[] = [
    ['stages', stages.join(', ')],
    ['became', became.join(', ')],
    ['asked', `${asked.join(', ')}: each answered after ${ANSWER} ms`],
    ['ideal', seconds(answers + waits + ends)],
    ['  answers', seconds(answers)],
    ['  waits after arming', `${seconds(waits)} (${WAIT} ms a host)`],
    ['  ends of stages', seconds(ends)],
    ['wall', seconds(wall)],
    ['before it', `${seconds(prepared)} of reading and rendering`],
    ['CPU', `${seconds(cpu)}, ${((cpu / hosts) * 1000).toFixed(2)} ms a host`],
    ['memory', `${peak.toFixed(0)} MB at the peak`],
    ['longest stall', `${stalls.wall.toFixed(0)} ms; by its own CPU ${stalls.cpu.toFixed(0)} ms`],
    ['stalls over 50 ms', `${stalls.long.length}`],
  ]
  const title = `${hosts} simulated hosts, ${inFlight} in flight`
  return `\n${title}\n\n${rows.map(([name, value]) => `${name.padEnd(20)} ${value}\n`).join('')}`
}

export function judgeRollout(figures: Figures): readonly Judgement[] {
  const { hosts, wall, peak, stalls, states } = figures
  return [
    atLeast('hosts that persisted', states.persisted ?? 0, hosts),
    atLeast('ideal / wall', (sumOf(idealOf(figures)) / wall) * 100, 95, ' %'),
    atMost('peak memory', peak, 400, ' MB'),
    atMost('longest stall', stalls.wall, 100, ' ms'),
    atMost('longest stall, by its own CPU', stalls.cpu, 100, ' ms'),
  ]
}
