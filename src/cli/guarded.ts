import { findGuarded, type Guarded } from '../block/surroundings.ts'
import type { Inputs } from './inputs.ts'

type Asked = Pick<Inputs, 'inventory' | 'connections' | 'reach'>

const known = new WeakMap<Asked, Promise<Guarded>>()

/**
 * What may not be kept out: this machine, every host of the inventory, who manages them. Names are looked up once, by
 * whoever asks first: each feed that a role names asks, and so does what is blocked.
 */
export function guardedOf(inputs: Asked): Promise<Guarded> {
  const before = known.get(inputs)
  if (before) return before
  const hosts = [...inputs.inventory.hosts.values()]
  const asked = findGuarded(hosts, host => inputs.connections.get(host)?.address ?? addressIn(inputs, host))
  known.set(inputs, asked)
  return asked
}

/** Hosts that aren't meant, too, whose rows may be wrong in ways that matter to nobody now. */
function addressIn(inputs: Asked, host: string): string | undefined {
  try {
    return inputs.reach(host).address
  } catch {
    return undefined
  }
}
