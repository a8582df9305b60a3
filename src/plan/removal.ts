import type { Before, Observation } from '../host/observation.ts'
import type { Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { parseSave } from '../ruleset/parse.ts'
import { printRestore } from '../ruleset/print.ts'
import { type Chain, isBuiltIn, type Ruleset, type Table } from '../ruleset/ruleset.ts'
import { decide } from './decide.ts'
import { type HostPlan, NOTHING } from './host-plan.ts'
import { firstError } from './load-error.ts'
import { jumpOf, KNOWN_FOREIGN, matchesAny } from './ownership.ts'

export interface RemovalQuestion {
  readonly host: string
  readonly groups: readonly string[]
  readonly seen: Observation
  readonly preserve: readonly string[]
  readonly replace: readonly string[]
  readonly acceptLockoutRisk: boolean
  /** What is blocked there isn't any more afterwards. */
  readonly removesBlocks?: boolean
}

/**
 * What to do to one host so that it is as it was before fleet. It is decided as any change is, towards rules that
 * the host has kept itself. What would keep fleet from coming (another manager, chains it doesn't know) doesn't keep it
 * from going, and foreign rules stay.
 */
export function decideRemoval(question: RemovalQuestion): HostPlan {
  const { seen, host, groups } = question
  const { before } = seen
  const wish = { host, groups, roles: [], onlyBase: false }
  const nothing: HostPlan = { ...NOTHING, ...wish, bootId: seen.bootId }
  const refused = (finding: Finding): HostPlan => ({ ...nothing, verdict: 'refused', findings: [finding] })
  // Whether there is something to remove wasn't read then.
  if (seen.lacks.length > 0) return refused(refuse('host-lacks', { tools: seen.lacks }))
  const removesBlocks = question.removesBlocks === true && seen.blocks !== undefined
  if (!before || !(before.isTouched || removesBlocks)) return nothing
  if (!seen.canonical) return refused(refuse('before-does-not-load', firstError(seen.loadErrors)))
  const rulesets = { 4: wanted(question, 4), 6: wanted(question, 6) }
  const plan = decide({
    ...wish,
    seen: { ...asLeaving(seen), canonical: { 4: printRestore(rulesets[4]), 6: printRestore(rulesets[6]) } },
    rulesets,
    sets: [],
    candidateHash: 'before',
    preserve: ['*'],
    replace: question.replace,
    replaceUnmanaged: false,
    isLeaving: true,
    acceptLockoutRisk: question.acceptLockoutRisk,
    isShipped,
  })
  return withRemoval(plan, before, seen.generation.number, removesBlocks)
}

/**
 * Always something to do: that rules are equal, and a boot loads them, is no end here. And never a first contact, also
 * where a removal was broken off and no generation is left: rules of others are no reason to refuse.
 */
const asLeaving = (seen: Observation): Observation => ({
  ...seen,
  managers: [],
  persistent: true,
  generation: { ...seen.generation, number: Math.max(1, seen.generation.number), linked: false },
})

const isShipped = () => true

const UNBLOCKS: Finding = { code: 'removal-unblocks', severity: 'warning', args: {} }

function withRemoval(plan: HostPlan, before: Before, base: number, removesBlocks: boolean): HostPlan {
  const rules = before.isBooted ? before.files : []
  const note = { code: 'removal', severity: 'note', args: { files: before.files, loaded: rules } } as const
  const findings = plan.findings.flatMap(finding => (finding.code === 'unmanaged-kept' ? [] : [finding]))
  const { change, ...rest } = plan
  const more = removesBlocks ? { removesBlocks } : {}
  return {
    ...rest,
    findings: [note, ...(removesBlocks ? [UNBLOCKS] : []), ...findings],
    unmanaged: [],
    installs: false,
    ...(change ? { change: { ...change, base, generation: 0, removes: true, ...more } } : {}),
  }
}

/** What stood before, without the chains of other software that were in the file: those are as they are now. */
function wanted({ seen, preserve }: RemovalQuestion, family: Family): Ruleset {
  const saved = parseSave(seen.canonical?.[family] ?? '', family)
  const isForeign = (name: string | undefined) =>
    name !== undefined && matchesAny(name, [...KNOWN_FOREIGN, ...preserve])
  const tables = new Map<string, Table>()
  for (const [name, table] of saved.tables) {
    const chains = [...table.values()].filter(chain => isBuiltIn(name, chain.name) || !isForeign(chain.name))
    const own = (chain: Chain): Chain => ({
      ...chain,
      rules: chain.rules.filter(({ text }) => !isForeign(jumpOf(text))),
    })
    tables.set(name, new Map(chains.map(chain => [chain.name, own(chain)])))
  }
  return { ...saved, tables }
}

const refuse = (code: string, args: Finding['args']): Finding => ({ code, severity: 'error', args })
