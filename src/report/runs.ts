import { HOST_STATES } from '../model/host-state.ts'
import type { RunSummary } from '../model/run.ts'
import { type Paint, painter, type Tone } from './paint.ts'
import { say } from './say.ts'
import { hosts, minute, plain, span } from './words.ts'

const TONES: Readonly<Record<RunSummary['is'], Tone>> = {
  ended: 'none',
  'going on': 'green',
  paused: 'yellow',
  died: 'red',
}

/** Runs as lines, in the order in which they come. */
export function printHistory(runs: readonly RunSummary[], { color = false } = {}): string {
  const paint = painter(color)
  const cells = runs.map(cellsOf)
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0))) ?? []
  const lines = cells.map((row, at) => {
    const padded = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    return paint(TONES[runs[at]?.is ?? 'ended'], padded.join('  ').trimEnd())
  })
  return [...lines, ...hint(runs)].map(line => `${line}\n`).join('')
}

const cellsOf = (one: RunSummary): readonly string[] => [
  one.run,
  one.is === 'ended' && one.why ? 'ended early' : one.is,
  minute(one.since),
  span(one.took),
  plain(one.who),
  countsOf(one),
  plain(one.command),
]

/** Without its name a run is gone on with as it stood: with its budget, and without those that failed. */
function hint(runs: readonly RunSummary[]): readonly string[] {
  const died = runs.find(({ is }) => is === 'died')
  if (!died) return []
  const how = died === runs[0] ? 'fleet resume' : `fleet resume ${died.run}`
  return [`\`${how}\` brings to its end what a run that died has left.`]
}

/** `46 persisted, 1 unreachable, 3 open`. Of a run that has ended none is open: the others it had nothing to do with. */
function countsOf({ states, hosts: all, is }: RunSummary): string {
  const counts = HOST_STATES.flatMap(state => (states[state] ? [`${states[state]} ${state}`] : []))
  const open = is === 'ended' ? 0 : all - Object.values(states).reduce((sum, count) => sum + count, 0)
  return [...counts, ...(open > 0 ? [`${open} open`] : [])].join(', ') || 'no hosts'
}

/** What a run is, in a few lines; what became of each of its hosts is said elsewhere. */
export function printRun(one: RunSummary, { color = false } = {}): string {
  const paint: Paint = painter(color)
  const head = `run ${one.run} of ${plain(one.who)}, since ${minute(one.since)}: ${one.is}${one.is === 'ended' ? ' after' : ','} ${span(one.took)}`
  const lines = [
    paint(TONES[one.is], head),
    `  fleet ${plain(one.command)}`,
    `  ${hosts(one.hosts)}: ${countsOf(one)}`,
    ...(one.why ? [`  ${say(one.why)}`] : []),
    ...NEXT[one.is](one.run).map(line => `  ${line}`),
  ]
  return lines.map(line => `${line}\n`).join('')
}

const NEXT: Readonly<Record<RunSummary['is'], (run: string) => readonly string[]>> = {
  ended: () => [],
  'going on': () => [],
  paused: run => [`\`fleet promote ${run}\` lets it go on.`],
  died: run => [
    'Nobody is at it any more. `fleet resume` goes on with the newest run as it stood, with what is left of its budget;',
    `\`fleet resume ${run}\` with this one, also with the hosts that failed, and with a fresh budget.`,
  ],
}
