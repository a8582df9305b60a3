import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { near } from './names.ts'
import type { Template } from './template.ts'

/** What hosts with the same roles share: the names that those declare, and the verdict on each name seen before. */
interface Known {
  readonly declared: ReadonlyMap<string, string>
  readonly meant: Map<string, string | null>
}

export type NearMisses = Map<string, Known>

/** Variables of a host that no role of its knows and that are one or two edits from one that a role knows. */
export function findNearMisses(host: Host, templates: readonly Template[], seen: NearMisses): Finding[] {
  const key = templates.map(({ name }) => name).join(' ')
  const known = seen.get(key) ?? { declared: declaredBy(templates), meant: new Map<string, string | null>() }
  seen.set(key, known)
  return [...host.variables.keys()].flatMap(name => {
    const meant = meantBy(name, known)
    if (!meant) return []
    const args = { variable: name, nearest: meant, role: known.declared.get(meant) ?? '' }
    return [new FleetError('near-miss-variable', args, placeOf(host, name)).finding].map(asWarning)
  })
}

const declaredBy = (templates: readonly Template[]) =>
  new Map(
    templates.flatMap(({ name, declaration }) =>
      [...declaration.vars.keys()].map(key => [key, name] as const),
    ),
  )

function meantBy(name: string, { declared, meant }: Known): string | null {
  const before = meant.get(name)
  if (before !== undefined) return before
  const foreign = declared.has(name) || /^(ansible|fleet)_/.test(name)
  const answer = foreign ? null : near(name, declared.keys())
  meant.set(name, answer)
  return answer
}

const placeOf = (host: Host, name: string) => {
  const at = host.variables.get(name)?.at
  return at ? { at } : {}
}
const asWarning = (finding: Finding): Finding => ({ ...finding, severity: 'warning' })
