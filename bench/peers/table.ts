import type { Fault } from './faults.ts'
import { describeHost, isRight } from './judge.ts'
import type { Peer } from './peer.ts'
import type { Outcome } from './trial.ts'

/** What came of a fault, by the key of the tool; words where it could not be tried. */
export interface Row {
  readonly fault: Fault
  readonly outcomes: Readonly<Record<string, Outcome | string>>
}

/** Markdown: a row a fault, a column a tool. */
export function printTable(rows: readonly Row[], peers: readonly Peer[]): string {
  const head = ['', ...peers.map(({ name }) => name)]
  const right = peers.map(peer => rows.filter(row => rightIn(row, peer)).length)
  const lines = rows.map(row => [
    row.fault.title,
    ...peers.map(peer => tell(row.fault, row.outcomes[peer.key])),
  ])
  const total = ['right', ...right.map(number => `${number} of ${rows.length}`)]
  return [head, head.map(() => '---'), ...lines, total].map(cells => `| ${cells.join(' | ')} |\n`).join('')
}

function rightIn({ fault, outcomes }: Row, { key }: Peer): boolean {
  const outcome = outcomes[key]
  return typeof outcome === 'object' && isRight(fault, outcome)
}

/** One cell. */
export function tell(fault: Fault, outcome: Outcome | string = ''): string {
  if (typeof outcome === 'string') return inCell(`not tried: ${outcome}`)
  const verdict = isRight(fault, outcome) ? 'right' : '**wrong**'
  const said = outcome.words.map(({ said }, index) => (index === 0 ? said : `the second: ${said}`)).join('; ')
  const note = outcome.noWindow ? ' (never in force, so no window)' : ''
  return inCell(`${verdict}: ${describeHost(fault, outcome)}${note}. Said: ${said}`)
}

const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
