import { findGuarded, type Guarded } from '../block/surroundings.ts'
import type { Inputs } from './inputs.ts'

/** What may not be kept out: this machine, every host of the inventory, who manages them. */
export function guardedOf(inputs: Inputs): Promise<Guarded> {
  const hosts = [...inputs.inventory.hosts.values()]
  return findGuarded(hosts, host => inputs.connections.get(host)?.address ?? addressIn(inputs, host))
}

/** Hosts that aren't meant, too, whose rows may be wrong in ways that matter to nobody now. */
function addressIn(inputs: Inputs, host: string): string | undefined {
  try {
    return inputs.reach(host).address
  } catch {
    return undefined
  }
}
