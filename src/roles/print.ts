import type { Family } from '../model/family.ts'
import type { Chain, Rule, Ruleset, Table } from '../ruleset/ruleset.ts'
import { isBuiltIn } from '../ruleset/ruleset.ts'
import type { Rendered } from './render.ts'

/** One family of a render as text that iptables-restore takes, each rule below the template line it comes from. Empty where there is no ruleset. */
export function formatRender({ rulesets, sets }: Rendered, family: Family): string {
  if (!rulesets) return ''
  const used = sets.filter(set => set.family === family)
  const heads = used.map(({ name, type, entries }) => `# ipset ${name} ${type}: ${entries.length} entries\n`)
  return heads.join('') + formatRuleset(rulesets[family])
}

function formatRuleset({ tables }: Ruleset): string {
  return [...tables].map(([name, table]) => formatTable(name, table)).join('')
}

function formatTable(name: string, table: Table): string {
  const chains = [...table.values()]
  const declared = chains.filter(chain => chain.policy !== null || !isBuiltIn(name, chain.name))
  const lines = [
    `*${name}`,
    ...declared.map(chain => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
    ...chains.flatMap(formatRules),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

function formatRules({ name, rules }: Chain): string[] {
  return rules.flatMap((rule, index) => {
    const line = rule.text === '' ? `-A ${name}` : `-A ${name} ${rule.text}`
    return origin(rule) === origin(rules[index - 1]) ? [line] : [`# ${origin(rule)}`, line]
  })
}

const origin = (rule: Rule | undefined) => (rule ? `${rule.at?.file ?? ''}:${rule.at?.line ?? ''}` : '')
