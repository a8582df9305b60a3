import { withSession } from '../block/attempt.ts'
import type { Entry } from '../block/entry.ts'
import { sendBlocks } from '../host/block.ts'
import { FleetError } from '../model/error.ts'
import { exitCodeOfDry, printDry, type Tried } from '../report/block-dry.ts'
import { dryLine } from '../report/block-json.ts'
import { blockHost, blockPool, wantedOf } from './blocking.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { cancelOnSignal } from './signals.ts'

/** Who would be hit: asks every host for its live connections with these addresses, and changes nothing. */
export async function dryRun(inputs: Inputs, flags: Flags, entries: readonly Entry[]): Promise<number> {
  const wanted = wantedOf(inputs, entries)
  const pool = blockPool(inputs, flags, entries.length, cancelOnSignal())
  const json = flag(flags, 'json', 'boolean') ?? false
  const trying = await pool.each(inputs.hosts, async (host): Promise<Tried> => {
    const one = blockHost(host, pool, { inputs, flags, wanted })
    const tried = await withSession(one.connect('first'), session =>
      sendBlocks(session, { ...one.order(), dry: true }),
    ).then(
      answer => ({ host: host.name, answer }),
      error => notTried(host.name, error),
    )
    if (json) process.stdout.write(dryLine(tried))
    return tried
  })
  const tried = trying.map((one, at) =>
    one.status === 'fulfilled' ? one.value : notTried(inputs.hosts[at]?.name ?? '', one.reason),
  )
  if (!json) process.stdout.write(printDry(tried))
  return exitCodeOfDry(tried)
}

function notTried(host: string, error: unknown): Tried {
  if (!(error instanceof FleetError)) throw error
  return { host, state: error.hostState ?? 'failed', finding: error.finding }
}
