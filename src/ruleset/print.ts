import { isBuiltIn, type Ruleset, type Table } from './ruleset.ts'

/**
 * A ruleset as the text that iptables-restore loads. Built-in chains whose policy isn't owned have no line
 * of their own. With `flush` the text replaces the built-in chains it mentions even under `--noflush`.
 */
export function printRestore(ruleset: Ruleset, { flush = false } = {}): string {
  return [...ruleset.tables].map(([name, table]) => printTable(name, table, flush)).join('')
}

function printTable(name: string, table: Table, flush: boolean): string {
  const chains = [...table.values()]
  const lines = [
    `*${name}`,
    ...chains
      .filter(chain => chain.policy !== null || !isBuiltIn(name, chain.name))
      .map(chain => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
    ...chains.filter(chain => flush && isBuiltIn(name, chain.name)).map(chain => `-F ${chain.name}`),
    ...chains.flatMap(chain => chain.rules.map(({ text }) => ruleLine('-A', chain.name, text))),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

/** `-A CHAIN text`; a rule can be without any text, and then nothing may follow the chain. */
export function ruleLine(verb: string, chain: string, text: string): string {
  return text === '' ? `${verb} ${chain}` : `${verb} ${chain} ${text}`
}
