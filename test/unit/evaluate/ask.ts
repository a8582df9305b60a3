import type { Packet } from '../../../src/evaluate/packet.ts'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

export const SYN: Packet = {
  family: 4,
  hook: 'input',
  proto: 'tcp',
  source: '192.0.2.7',
  destination: '198.51.100.1',
  sport: 40_000,
  dport: 22,
  inInterface: 'eth0',
  ctstate: 'NEW',
}
export const SETS = new Map([
  ['bad', ['192.0.2.0/24', '10.0.0.0/8', '192.0.2.128/25']],
  ['none', []],
])

const BUILT_IN = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
}

/** Lines as `-A INPUT ...` or `table -A ...`; user chains are declared as they come up. */
function table(name: keyof typeof BUILT_IN, lines: readonly string[], family: 4 | 6) {
  const names = new Set(lines.filter(line => line.startsWith('-A ')).map(line => line.split(' ')[1] ?? ''))
  const declared = lines.filter(line => line.startsWith(':'))
  const missing = [...new Set([...BUILT_IN[name], ...names])].filter(
    chain => !declared.some(line => line.startsWith(`:${chain} `)),
  )
  const chains = missing.map(chain => `:${chain} ${BUILT_IN[name].includes(chain) ? 'ACCEPT' : '-'}`)
  const rules = lines.filter(line => line.startsWith('-A '))
  return parseSave(`*${name}\n${[...chains, ...declared, ...rules].join('\n')}\nCOMMIT\n`, family)
}

/** The lines of another table than `filter`. */
export type Other = Parameters<typeof table>

/** What becomes of a packet: a SYN, but for what is said of it. */
export function ask(lines: readonly string[], packet: Partial<Packet> = {}, others: readonly Other[] = []) {
  const asked: Packet = { ...SYN, ...packet }
  const tables = [...others, ['filter', lines, asked.family] satisfies Other].flatMap(args => [
    ...table(...args).tables,
  ])
  return evaluate({ family: asked.family, tables: new Map(tables) }, asked, { sets: SETS })
}
export const verdict = (...args: Parameters<typeof ask>) => ask(...args).verdict
