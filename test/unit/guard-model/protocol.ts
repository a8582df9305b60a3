import { armSteps, rivalSteps } from './arm.ts'
import { controllerSteps } from './controller.ts'
import { faults, timeSteps } from './faults.ts'
import { formerSteps } from './former.ts'
import { guardSteps } from './guard.ts'
import { packageSteps } from './packages.ts'
import { persistSteps } from './persist.ts'
import type { Edge, State, World } from './state.ts'
import { verbSteps } from './verbs.ts'

/** Everything that can happen next: the pure step function of host, network and controller together. */
export const next = (s: State, world: World): readonly Edge[] => [
  ...controllerSteps(s, world),
  ...packageSteps(s, world),
  ...armSteps(s, world),
  ...guardSteps(s, world),
  ...verbSteps(s, world, 'verb'),
  ...verbSteps(s, world, 'stray'),
  ...persistSteps(s, world),
  ...rivalSteps(s, world),
  ...formerSteps(s, world),
  ...timeSteps(s),
  ...faults(s, world),
]
