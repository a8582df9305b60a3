import type { Variables } from './value.ts'

/** A managed server: a row of the inventory with every variable that applies to it. */
export interface Host {
  readonly name: string
  /** Without `all`, in Ansible's order: depth, priority, name. `ungrouped` where it is in no other. */
  readonly groups: readonly string[]
  readonly variables: Variables
}
