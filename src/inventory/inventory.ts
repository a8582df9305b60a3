import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'

export interface Group {
  readonly name: string
  /** Every host in it or in a group below it, in the order of the inventory. */
  readonly hosts: readonly string[]
  /** The groups directly below it. */
  readonly children: readonly string[]
  /** The longest way down from `all`, which is 0. */
  readonly depth: number
  /** `ansible_group_priority`, 1 where it isn't set. */
  readonly priority: number
}

/** Everything the sources say, with each host's variables merged. */
export interface Inventory {
  /** In the order of the inventory, which is the order of `all`. */
  readonly hosts: ReadonlyMap<string, Host>
  /** `all` and `ungrouped` included. */
  readonly groups: ReadonlyMap<string, Group>
  /** Where each host was named first. */
  readonly hostSources: ReadonlyMap<string, Place>
  /** Where `fleet.yml` and `templates/` are looked up: the first source's folder. */
  readonly directory: string
}
