import type { HostState } from '../model/host-state.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { type Paint, painter } from './paint.ts'
import { diffLines } from './plan-diff.ts'
import { factLines } from './plan-facts.ts'
import { groupBy, hosts, indented, named } from './words.ts'

export interface PlanOptions {
  readonly color: boolean
  /** Of hosts that couldn't be looked at. */
  readonly failed?: readonly HostState[]
}

/**
 * The plan of all hosts as an operator reads it, those with equal changes folded together: first the hosts with no
 * role of their own, then changes, refusals, and what stays as it is.
 */
export function printPlan(plans: readonly HostPlan[], options: PlanOptions): string {
  const paint = painter(options.color)
  const of = (verdict: HostPlan['verdict']) => plans.filter(plan => plan.verdict === verdict)
  const parts = [
    ...withoutRole(plans, paint),
    ...fold(of('change'), sameDiff).map(block => changeBlock(block, paint)),
    ...fold(of('refused'), sameReasons).map(block => refusedBlock(block, paint)),
    ...unchangedBlock(of('unchanged'), paint),
    paint('bold', countVerdicts(plans, options.failed)),
  ]
  return `${parts.join('\n\n')}\n`
}

const fold = (plans: readonly HostPlan[], key: (plan: HostPlan) => string) => [
  ...groupBy(plans, key).values(),
]
const sameDiff = (plan: HostPlan) => JSON.stringify([plan.diff, changesSets(plan)])
const changesSets = ({ findings }: HostPlan) => findings.some(({ code }) => code === 'drift-sets')
const sameReasons = ({ findings }: HostPlan) =>
  JSON.stringify(findings.filter(({ severity }) => severity === 'error'))

function withoutRole(plans: readonly HostPlan[], paint: Paint): string[] {
  const alone = plans.filter(({ onlyBase }) => onlyBase)
  if (alone.length === 0) return []
  const lines = [...groupBy(alone, ({ groups }) => groups.join(', '))].map(
    ([groups, some]) => `  ${some.map(({ host }) => host).join(', ')} (groups: ${groups})`,
  )
  const header = `No role of their own, only the rules of every host: ${hosts(alone.length)}`
  return [[paint('yellow', header), ...lines].join('\n')]
}

const headed = (plans: readonly HostPlan[]) => named(plans.map(({ host }) => host))

function changeBlock(plans: readonly HostPlan[], paint: Paint): string {
  const diff = diffLines(plans[0]?.diff ?? [], paint).map(line => indented(line, '  '))
  return [
    paint('bold', headed(plans)),
    ...factLines(plans, paint),
    ...(diff.length > 0 ? diff : plans.slice(0, 1).map(whatElse)),
  ].join('\n')
}

/** What changes where no rule does. */
function whatElse(plan: HostPlan): string {
  if (plan.change?.removes) return "  The rules stay as they are; only fleet's own files go."
  if (changesSets(plan)) return '  The rules stay as they are; what the sets hold changes.'
  return '  The rules stay as they are; what is missing is that a boot loads them.'
}

const refusedBlock = (plans: readonly HostPlan[], paint: Paint): string =>
  [paint('bold', `${headed(plans)}: refused, nothing will be changed`), ...factLines(plans, paint)].join('\n')

/** Only what somebody should know is said of hosts that stay as they are. */
function unchangedBlock(plans: readonly HostPlan[], paint: Paint): string[] {
  if (plans.length === 0) return []
  const notable = plans.filter(({ findings, unmanaged }) => findings.length + unmanaged.length > 0)
  const blocks = fold(notable, plan => JSON.stringify([plan.findings, plan.unmanaged]))
  const said = blocks.map(block => [`${headed(block)}: unchanged`, ...factLines(block, paint)].join('\n'))
  return [...said, `${hosts(plans.length)}: unchanged`]
}

/** `3 hosts to change, 47 unchanged, 1 refused, 2 unreachable`. */
function countVerdicts(plans: readonly HostPlan[], failed: readonly HostState[] = []): string {
  const count = (verdict: HostPlan['verdict']) => plans.filter(plan => plan.verdict === verdict).length
  const refused = plans.flatMap(({ verdict }) => (verdict === 'refused' ? [verdict] : []))
  const others = [...groupBy([...refused, ...failed], state => state)].map(
    ([state, all]) => `${all.length} ${state}`,
  )
  return [`${hosts(count('change'))} to change`, `${count('unchanged')} unchanged`, ...others].join(', ')
}
