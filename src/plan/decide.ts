import type { Observation } from '../host/observation.ts'
import type { PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { withBehind } from './blocks.ts'
import { checkBoot } from './boots.ts'
import { changedSets, saySets } from './changed-sets.ts'
import { both, compare, type Texts, type Worked } from './compare.ts'
import { type HostChange, type HostPlan, NOTHING } from './host-plan.ts'
import { checkLockout, parseSshConnection } from './lockout.ts'
import { checkNeighbours } from './neighbours.ts'
import type { Question } from './question.ts'
import { refusals } from './refuse.ts'
import { judgeUnmanaged } from './unmanaged.ts'

/** Works out what to do with one host: pure, so the same observation always gives the same plan. */
export function decide(question: Question): HostPlan {
  return withBehind(decideRules(question), question)
}

function decideRules(question: Question): HostPlan {
  const reasons = refusals(question)
  if (reasons.length > 0) return { ...empty(question), verdict: 'refused', findings: reasons }
  const { families, described, equal, stored, texts } = compare(question)
  const facts = { ...empty(question), ...described }
  const persisted = stored && isPersisted(question.seen)
  const names = new Set(question.sets.map(({ name }) => name))
  const sets = changedSets(question.seen).filter(({ name }) => names.has(name))
  const isDone = equal && persisted && sets.length === 0
  const findings = [
    ...saySets(sets, 'note'),
    ...judgeUnmanaged(question, facts.unmanaged, isDone),
    ...lockout(question, families),
    ...checkBoot(question.seen, question.preserve),
  ]
  if (isDone)
    return {
      ...facts,
      findings: findings.filter(({ severity }) => severity !== 'error'),
      verdict: 'unchanged',
    }
  if (findings.some(({ severity }) => severity === 'error')) return { ...facts, findings, verdict: 'refused' }
  return { ...facts, findings, verdict: 'change', change: freeze(question, texts()) }
}

const isPersisted = ({ generation, persistent }: Observation) =>
  generation.number > 0 &&
  generation.whole &&
  generation.linked &&
  generation.plugins &&
  generation.enabled &&
  persistent

const empty = ({ host, groups, roles, onlyBase, seen }: Question): HostPlan => ({
  ...NOTHING,
  host,
  groups,
  roles,
  onlyBase,
  installs: !seen.persistent || seen.lacks.length > 0,
  bootId: seen.bootId,
})

function lockout(question: Question, families: PerFamily<Worked>): readonly Finding[] {
  const { seen } = question
  const parsed = parseSshConnection(seen.sshConnection)
  if (!parsed) return [{ code: 'no-ssh-connection', severity: 'error', args: {} }]
  const own = question.sets.map(({ name, entries }): [string, readonly string[]] => [name, entries])
  const sets = new Map([...seen.members, ...own])
  const connection = { ...parsed, ...wayOf(seen) }
  const after = both(family => families[family].change.after)
  const found = [...checkLockout(after, connection, sets), ...checkNeighbours(after[6], connection, sets)]
  if (!question.acceptLockoutRisk) return found
  return found.map(finding => ({ ...finding, severity: 'warning' }))
}

/** As far as the host knows it. */
const wayOf = ({ interface: name, gateway, isDirect }: Observation) => ({
  ...(name === undefined ? {} : { interface: name }),
  ...(gateway === undefined ? {} : { gateway }),
  ...(isDirect ? { isDirect } : {}),
})

function freeze({ seen }: Question, texts: Texts): HostChange {
  return { base: seen.generation.number, generation: seen.generation.newest + 1, ...texts }
}
