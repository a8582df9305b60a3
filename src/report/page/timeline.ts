import { fineSpan, groupBy, span, timeOfDay } from '../words.ts'
import { type Axis, makeAxis } from './axis.ts'
import { html, type Markup } from './markup.ts'
import type { HostStory, Passage, Span, Story } from './story.ts'
import { TONES, type Tone, toneOf } from './tone.ts'

/** Units of the drawing; it is as wide as its page. */
const WIDTH = 1000
const TOP = 26
const BOTTOM = 22
const MARGIN = 6
const LABELS = 170
/** So many rows have names beside them. */
const NAMED = 60
const TALLEST = 900
/** A row that is lower can't be seen: then several hosts are one. */
const LOWEST = 1.5

/** A row: one host, or several of thousands. */
interface Row {
  readonly label: string
  readonly tone: Tone
  readonly looked?: Span | undefined
  readonly worked?: Span | undefined
}

/** Stages and hosts over time, as SVG. */
export function drawTimeline(story: Story): Markup {
  const shown = story.hosts.filter(isShown).toSorted(inOrder)
  if (shown.length === 0) return html`<p class="dim">No host was changed.</p>`
  const axis = makeAxis(story.moments)
  const rows = rowsOf(shown)
  const left = rows.length <= NAMED ? LABELS : MARGIN
  const height = rows.length <= NAMED ? 18 : Math.max(LOWEST, Math.min(8, TALLEST / rows.length))
  const bottom = TOP + rows.length * height
  const x = (moment: number) => round(left + axis.at(moment) * (WIDTH - left - MARGIN))
  const others = story.hosts.length - shown.length
  return html`<div class="wide"><svg viewBox="0 0 ${WIDTH} ${round(bottom + BOTTOM)}" role="img" aria-label="stages and hosts over time">
${drawPassages(story.passages, x, bottom)}${drawCuts(axis, x, bottom)}${drawTicks(axis, x, bottom)}
${rows.map((row, at) => drawRow(row, TOP + at * height, height, x, rows.length <= NAMED))}</svg></div>
<p class="dim">${caption(shown.length, rows.length, others)}</p>`
}

const round = (value: number) => Math.round(value * 100) / 100

/** Hosts that were only looked at, and are as they should be, would hide the others. */
const isShown = ({ worked, stage, outcome }: HostStory) =>
  worked !== undefined || stage !== undefined || (outcome !== undefined && toneOf(outcome) !== 'same')

function inOrder(a: HostStory, b: HostStory): number {
  const stages = (a.stage ?? Number.MAX_SAFE_INTEGER) - (b.stage ?? Number.MAX_SAFE_INTEGER)
  const begins = (one: HostStory) => one.worked?.from ?? Number.MAX_SAFE_INTEGER
  return stages || begins(a) - begins(b)
}

/** Hosts of one stage are never one with those of another. */
function rowsOf(hosts: readonly HostStory[]): readonly Row[] {
  const size = Math.ceil((hosts.length * LOWEST) / TALLEST)
  if (size <= 1) return hosts.map(rowOf)
  return [...groupBy(hosts, ({ stage }) => String(stage)).values()].flatMap(all =>
    Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
      rowOfMany(all.slice(at * size, (at + 1) * size)),
    ),
  )
}

function rowOf({ host, stage, outcome, looked, worked }: HostStory): Row {
  const parts = [
    outcome?.state ?? 'open',
    ...(stage ? [`stage ${stage}`] : []),
    ...(worked ? [fineSpan(worked.to - worked.from)] : []),
  ]
  return { label: `${host}: ${parts.join(', ')}`, tone: toneOf(outcome), looked, worked }
}

function rowOfMany(hosts: readonly HostStory[]): Row {
  const tones = new Set(hosts.map(({ outcome }) => toneOf(outcome)))
  const [first] = hosts
  const label =
    hosts.length === 1 && first
      ? rowOf(first).label
      : `${first?.host} to ${hosts.at(-1)?.host}: ${hosts.length} hosts`
  return {
    label,
    tone: TONES.find(tone => tones.has(tone)) ?? 'idle',
    looked: around(hosts.map(({ looked }) => looked)),
    worked: around(hosts.map(({ worked }) => worked)),
  }
}

function around(spans: readonly (Span | undefined)[]): Span | undefined {
  const known = spans.flatMap(one => one ?? [])
  if (known.length === 0) return undefined
  return { from: Math.min(...known.map(({ from }) => from)), to: Math.max(...known.map(({ to }) => to)) }
}

type X = (moment: number) => number

function drawRow(
  { label, tone, looked, worked }: Row,
  top: number,
  height: number,
  x: X,
  isNamed: boolean,
): Markup {
  const gap = height > 4 ? height * 0.2 : 0
  const bar = (one: Span | undefined, name: string) =>
    one &&
    html`<rect class="${name}" x="${x(one.from)}" width="${round(Math.max(1.5, x(one.to) - x(one.from)))}" y="${round(top + gap)}" height="${round(height - 2 * gap)}"/>`
  const name = label.slice(0, label.lastIndexOf(': '))
  const text =
    isNamed &&
    html`<text x="${LABELS - 8}" y="${round(top + height * 0.72)}" class="name">${clip(name)}</text>`
  return html`<g><title>${label}</title>${text}${bar(looked, 'look')}${bar(worked, tone)}${!worked && mark(tone, x, looked, top + height / 2)}</g>`
}

/** A host without a bar that didn't do well has a dot where it was looked at last. */
function mark(tone: Tone, x: X, looked: Span | undefined, middle: number): Markup | false {
  if (!looked || tone === 'idle') return false
  return html`<circle class="${tone}" cx="${x(looked.to)}" cy="${round(middle)}" r="3"/>`
}

const clip = (name: string) => (name.length > 22 ? `${name.slice(0, 21)}…` : name)

const NAMES = {
  stage: 'stage',
  window: 'window',
  soak: 'soak',
  check: 'check',
  pause: 'paused',
  'take back': 'taking back',
} as const

function drawPassages(passages: readonly Passage[], x: X, bottom: number): readonly Markup[] {
  return passages.map(({ kind, stage, from, to }) => {
    const width = round(Math.max(1, x(to) - x(from)))
    const name = kind === 'stage' && stage ? `stage ${stage}` : NAMES[kind]
    const text = width > name.length * 6.5 && html`<text x="${x(from) + 4}" y="16">${name}</text>`
    return html`<g><title>${name}: ${fineSpan(to - from)}</title><rect class="p-${kind.replace(' ', '-')}" x="${x(from)}" width="${width}" y="0" height="${round(bottom)}"/>${text}</g>`
  })
}

function drawCuts({ stretches }: Axis, x: X, bottom: number): readonly Markup[] {
  return stretches
    .filter(({ isCut }) => isCut)
    .map(
      ({ from, to }) =>
        html`<g><title>${span(to - from)}, drawn shorter</title><rect class="cut" x="${x(from)}" width="${round(x(to) - x(from))}" y="${TOP}" height="${round(bottom - TOP)}"/><text class="tick" x="${round((x(from) + x(to)) / 2)}" y="${round(bottom + 15)}">⋯ ${span(to - from)} ⋯</text></g>`,
    )
}

/** Milliseconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200].map(
  seconds => seconds * 1000,
)
/** Of the width. */
const TICK_EVERY = 0.1
/** Units that the words of a cut take to each side. */
const WORDS_OF_CUT = 70

/** Units; no mark's words stick out of the drawing. */
const HALF_A_WORD = 24

/** Marks by the time since the run began; behind a cut, by the time of the day. */
function drawTicks({ stretches }: Axis, x: X, bottom: number): readonly Markup[] {
  const cuts = stretches.filter(({ isCut }) => isCut).map(({ from, to }) => (x(from) + x(to)) / 2)
  const begin = stretches[0]?.from ?? 0
  return stretches
    .filter(({ isCut }) => !isCut)
    .flatMap(stretch => ticksOf(stretch, begin))
    .map(at => {
      const words = cuts.some(cut => cut < x(at)) ? timeOfDay(at) : fineSpan(at - begin)
      const isFree = cuts.every(cut => Math.abs(cut - x(at)) > WORDS_OF_CUT)
      const middle = Math.min(WIDTH - HALF_A_WORD, Math.max(HALF_A_WORD, x(at)))
      const text = isFree && html`<text class="tick" x="${middle}" y="${round(bottom + 15)}">${words}</text>`
      return html`<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${round(bottom + 4)}"/>${text}`
    })
}

function ticksOf({ from, to, left, right }: Axis['stretches'][number], begin: number): readonly number[] {
  const most = Math.max(1, (right - left) / TICK_EVERY)
  const step = STEPS.find(one => (to - from) / one <= most) ?? Math.max(1, to - from)
  const ticks: number[] = []
  for (let at = Math.ceil((from - begin) / step) * step + begin; at <= to; at += step) ticks.push(at)
  return ticks
}

function caption(hosts: number, rows: number, others: number): string {
  const parts = [
    ...(rows < hosts
      ? [`Each line stands for ${Math.ceil(hosts / rows)} hosts, in the colour of the worst.`]
      : []),
    ...(others > 0
      ? [`${others} more ${others === 1 ? 'was' : 'were'} looked at, and stayed as they were.`]
      : []),
  ]
  return parts.join(' ')
}
