import { realClock } from '../../src/cli/clock.ts'
import type { Flags } from '../../src/cli/command.ts'
import { readInputs } from '../../src/cli/inputs.ts'
import type { Prepared } from '../../src/cli/prepared.ts'
import { renderAll } from '../../src/cli/rendering.ts'
import { makeTargets, shippedRoles } from '../../src/cli/targets.ts'
import { observeAll } from '../../src/rollout/observe-all.ts'
import { createPool } from '../../src/session/pool.ts'
import type { Row } from './inventory.ts'
import { SimulatedHost, type World } from './simulated-host.ts'

/** As src/cli/survey.ts has it, but for the hosts. `begins`: the first one is about to be contacted. */
export async function prepareSimulated(
  flags: Flags,
  rows: readonly Row[],
  world: World,
  begins: () => void,
): Promise<Prepared> {
  const inputs = await readInputs(flags)
  const rendered = await renderAll(inputs, flags)
  const hosts = Number(flags.forks)
  const simulated = new Map(
    rows.map(({ name, kind, address }, index) => [name, new SimulatedHost(world, kind, address, index)]),
  )
  const pool = createPool({
    hosts,
    starts: 30,
    open: async ({ host }) => {
      const found = simulated.get(host)
      if (!found) throw new Error(`nobody simulates ${host}`)
      return found.connect()
    },
    sleep: milliseconds => realClock.sleep(milliseconds),
    random: Math.random,
  })
  const targets = makeTargets(inputs, rendered, flags, { pool, isShipped: shippedRoles(inputs, flags) })
  return {
    inputs,
    each: pool.each,
    connect: pool.connector,
    hosts,
    clock: realClock,
    back: host => {
      throw new Error(`${host} is not taken back here`)
    },
    targets,
    survey: emit => {
      begins()
      return observeAll(targets, { each: pool.each, clock: realClock, emit, open: 1000 })
    },
  }
}
