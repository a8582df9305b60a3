import { join } from 'node:path'
import { baseOf, basesOf } from './bases.ts'
import type { HostPlace } from './furnish.ts'
import { controllerOf, type HostPlan, type LabSpec, stateDirOf } from './spec.ts'

/** The folder of what all hosts over the base of that number share. */
export const layerFolder = (stateDir: string, index: number): string =>
  join(stateDir, 'disks', `layer${index}`)

/** Where each host's things lie in the lab's folder: the same in every process that opens the lab. */
export function placeHosts(spec: LabSpec, plans: readonly HostPlan[]): readonly HostPlace[] {
  const stateDir = stateDirOf(spec)
  const bases = basesOf(plans)
  return plans.map(plan => {
    const base = baseOf(plan)
    const layer = layerFolder(stateDir, bases.indexOf(base))
    return {
      plan,
      controller: controllerOf(spec.name),
      state: join(stateDir, 'hosts', plan.spec.name),
      disk: join(stateDir, 'disks', plan.spec.name),
      log: join(stateDir, 'hosts', `${plan.spec.name}.log`),
      lower: [join(layer, 'files'), join(layer, 'mask'), base],
    }
  })
}
