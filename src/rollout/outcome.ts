import { FleetError } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { HostPlan } from '../plan/host-plan.ts'

/** What a plan alone says of a host that isn't to be changed. */
export function outcomeOf(plan: HostPlan): Outcome {
  const finding = plan.findings.find(({ severity }) => severity === 'error') ?? warningOf(plan)
  return {
    host: plan.host,
    state: plan.verdict === 'refused' ? 'refused' : 'unchanged',
    ...(finding ? { finding } : {}),
  }
}

/** What the operator should hear of a host although it ended well: rules that stay and that fleet didn't make. */
export const warningOf = ({ findings }: HostPlan) => findings.find(({ severity }) => severity === 'warning')

/** What an error before anything was armed says of a host. Anything but a FleetError is a bug and goes on up. */
export function failure(host: string, error: unknown): Outcome {
  if (!(error instanceof FleetError)) throw error
  return { host, state: error.hostState ?? 'failed', finding: error.finding }
}

/** fleet was told to let go of it before it knew what becomes of it: somebody has to go on with the run. */
export function wasLetGo({ finding }: Outcome): boolean {
  const { code, args } = finding ?? {}
  if (code === 'return-unsettled') return args?.last === 'let-go'
  return code === 'let-go' || (code === 'not-taken-back' && args?.last === 'aborted')
}
