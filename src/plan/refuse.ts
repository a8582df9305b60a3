import type { Observation } from '../host/observation.ts'
import { FAMILIES } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { loadFinding } from './load-error.ts'
import { nativeRules } from './native.ts'
import type { Question } from './question.ts'

/** What must be mended on a host before its rules may be changed. Each is an error with a way out. */
export function refusals(question: Question): readonly Finding[] {
  const { seen } = question
  const lacking = tools(seen)
  // The rest wasn't read then.
  if (lacking.length > 0) return lacking
  return [
    ...apart(seen),
    // Who makes the rules, before what is strange in them.
    ...managers(seen),
    ...natives(question),
    ...asleep(seen),
    ...backends(seen),
    ...session(seen),
    ...lock(seen),
    ...staleFiles(seen),
    ...loadErrors(question),
  ]
}

const refuse = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'error', args })

/** What was read is not what the guard would change, and a boot load. */
const apart = ({ apart: what }: Observation) => (what === undefined ? [] : [refuse('host-apart', { what })])

function natives({ seen, preserve }: Question): Finding[] {
  const places = nativeRules(seen, preserve)
  return places.length > 0 ? [refuse('native-nft', { places })] : []
}

const asleep = (seen: Observation) =>
  seen.asleep.length > 0 ? [refuse('tables-asleep', { places: seen.asleep })] : []

/** A rule, a chain of a user's, a policy that isn't ACCEPT, or what the save can't tell. */
const IN_USE = /^(?:-A |:\S+ (?!ACCEPT)|#FAILED|# Table .* incompatible)/m

function backends(seen: Observation): Finding[] {
  if (!FAMILIES.some(family => IN_USE.test(seen.other[family]))) return []
  const [here, there] = seen.iptables.includes('nf_tables') ? ['nft', 'legacy'] : ['legacy', 'nft']
  return [refuse('both-backends', { here, there })]
}

const managers = (seen: Observation) =>
  seen.managers.map(({ name, caller }) =>
    refuse('other-manager', { manager: name, ...(caller === undefined ? {} : { caller }) }),
  )

/** iptables and ipset come with the package step. */
const INSTALLED = new Set([
  'ipset',
  'iptables',
  'iptables-save',
  'iptables-restore',
  'ip6tables-save',
  'ip6tables-restore',
])
const tools = (seen: Observation) => {
  const missing = seen.lacks.filter(tool => !INSTALLED.has(tool))
  return missing.length > 0 ? [refuse('host-lacks', { tools: missing })] : []
}

const session = (seen: Observation) => (seen.sshConnection === '' ? [refuse('no-ssh-connection')] : [])

const lock = ({ guard }: Observation) =>
  guard?.alive ? [refuse('host-busy', { who: guard.who, since: guard.since, run: guard.run })] : []

function loadErrors({ seen, rulesets }: Question): Finding[] {
  if (seen.canonical || seen.asConfirmed || seen.lacks.some(tool => INSTALLED.has(tool))) return []
  return [loadFinding(seen.loadErrors, rulesets)]
}

/** Without systemd nothing keeps the installation of netfilter-persistent from loading what lies there. */
const staleFiles = ({ init, persistent, rulesFiles }: Observation) =>
  init !== 'systemd' && !persistent && rulesFiles.length > 0
    ? [refuse('stale-rules', { files: rulesFiles })]
    : []
