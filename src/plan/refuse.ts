import type { Observation } from '../host/observation.ts'
import { FAMILIES, type PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { parseSave } from '../ruleset/parse.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'
import { loadFinding } from './load-error.ts'

/** What must be mended on a host before its rules may be changed. Each is an error with a way out. */
export function refusals(seen: Observation, rulesets: PerFamily<Ruleset>): readonly Finding[] {
  return [
    ...backends(seen),
    ...managers(seen),
    ...tools(seen),
    ...session(seen),
    ...lock(seen),
    ...staleFiles(seen),
    ...loadErrors(seen, rulesets),
  ]
}

const refuse = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'error', args })

/** A backend is in use if it holds a rule, a chain of a user's or a policy that isn't ACCEPT. */
function backends(seen: Observation): Finding[] {
  const uses = FAMILIES.some(family => {
    const tables = parseSave(seen.other[family], family).tables
    return [...tables.values()].some(table =>
      [...table.values()].some(
        chain => chain.rules.length > 0 || chain.policy === null || chain.policy !== 'ACCEPT',
      ),
    )
  })
  if (!uses) return []
  const [here, there] = seen.iptables.includes('nf_tables') ? ['nft', 'legacy'] : ['legacy', 'nft']
  return [refuse('both-backends', { here, there })]
}

const managers = (seen: Observation) => seen.managers.map(manager => refuse('other-manager', { manager }))

/** iptables and ipset come with the package step. */
const INSTALLED = new Set(['iptables', 'ipset'])
const tools = (seen: Observation) => {
  const missing = seen.lacks.filter(tool => !INSTALLED.has(tool))
  return missing.length > 0 ? [refuse('host-lacks', { tools: missing })] : []
}

const session = (seen: Observation) => (seen.sshConnection === '' ? [refuse('no-ssh-connection')] : [])

const lock = ({ guard }: Observation) =>
  guard?.alive ? [refuse('host-busy', { who: guard.who, since: guard.since, run: guard.run })] : []

function loadErrors(seen: Observation, rulesets: PerFamily<Ruleset>): Finding[] {
  if (seen.canonical || seen.asConfirmed || seen.lacks.some(tool => INSTALLED.has(tool))) return []
  return [loadFinding(seen.loadErrors, rulesets)]
}

/** Without systemd nothing keeps the installation of netfilter-persistent from loading what lies there. */
const staleFiles = ({ init, persistent, rulesFiles }: Observation) =>
  init !== 'systemd' && !persistent && rulesFiles.length > 0
    ? [refuse('stale-rules', { files: rulesFiles })]
    : []
