import { CONTESTANTS } from './contestants.ts'
import { hostWork, type Judgement, medians } from './judge.ts'
import type { Sample } from './measure.ts'
import type { Run } from './run.ts'

const HEAD = ['', 'wall s', 'x bare', 'CPU s', 'x bare', 'peak MB', 'connections', 'host work ms']

/** One size: a line for each contestant. */
export function printRun(run: Run): string {
  const bare = medians(run, CONTESTANTS.bareTwo.name)
  const rows = [...run.samples.keys()].flatMap(name => {
    const sample = medians(run, name)
    return sample ? [rowOf(run, name, sample, bare)] : []
  })
  const title = `${run.hosts} hosts, ${run.cores} cores, medians of ${run.rounds} rounds (connections and host work: of each host)`
  return `\n${title}\n\n${align([HEAD, ...rows])}\n\n${run.notes.map(note => `${note}\n`).join('')}`
}

function rowOf(run: Run, name: string, sample: Sample, bare: Sample | undefined): string[] {
  const ratio = (key: 'wall' | 'cpu') => (bare ? (sample[key] / bare[key]).toFixed(2) : '')
  const isAnsible = name.startsWith('ansible')
  return [
    name,
    sample.wall.toFixed(2),
    ratio('wall'),
    sample.cpu.toFixed(2),
    ratio('cpu'),
    // Ansible is a process for each fork: its first one's memory says nothing.
    isAnsible ? '-' : sample.peak.toFixed(0),
    (sample.connections / run.hosts).toFixed(2),
    ((hostWork(run, sample) / run.hosts) * 1000).toFixed(0),
  ]
}

export function printJudgements(judgements: readonly Judgement[]): string {
  const rows = judgements.map(({ target, measured, reached }) => [target, measured, reached ? 'yes' : 'NO'])
  return `\n${align([['target', 'measured', 'reached'], ...rows])}\n`
}

/** The first column to the left, the others to the right. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)
  return rows.map(row => row.map(cell).join('  ').trimEnd()).join('\n')
}
