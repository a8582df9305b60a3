import type { DiffLine } from '../ruleset/diff.ts'
import type { Paint, Tone } from './paint.ts'
import { sayPlace } from './say.ts'
import { groupBy, plain } from './words.ts'

/** Unchanged lines shown on either side of a change. */
const CONTEXT = 3

/** Each chain that changes below a header of family, table and chain, as a unified diff would show it. */
export function diffLines(lines: readonly DiffLine[], paint: Paint): string[] {
  const chains = groupBy(lines, ({ family, table, chain }) => `IPv${family}, table ${table}, chain ${chain}`)
  return [...chains].flatMap(([header, all]) => [paint('bold', plain(header)), ...chainLines(all, paint)])
}

function chainLines(lines: readonly DiffLine[], paint: Paint): string[] {
  const shown = lines.map((_, at) => isNear(lines, at))
  const width = Math.max(...lines.filter((_, at) => shown[at]).map(({ text }) => plain(text).length))
  return lines.flatMap((line, at) => {
    if (shown[at]) return [diffLine(line, Math.min(width, 100), paint)]
    const isFirst = at === 0 || shown[at - 1]
    return isFirst ? [paint('dim', `    (${hiddenFrom(shown, at)} more unchanged)`)] : []
  })
}

const isNear = (lines: readonly DiffLine[], at: number) =>
  lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== ' ')

function hiddenFrom(shown: readonly boolean[], at: number): number {
  const end = shown.indexOf(true, at)
  return (end === -1 ? shown.length : end) - at
}

const TONES: Readonly<Record<DiffLine['kind'], Tone>> = { '+': 'green', '-': 'red', ' ': 'none' }

/** What comes says which line of a template it comes from. */
function diffLine({ kind, text, at }: DiffLine, width: number, paint: Paint): string {
  const line = paint(TONES[kind], `  ${kind} ${plain(text)}`)
  if (kind !== '+' || !at) return line
  return `${line}${' '.repeat(Math.max(0, width - plain(text).length))}  ${paint('dim', plain(sayPlace(at)))}`
}
