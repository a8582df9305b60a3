import { readStatus } from '../host/status.ts'
import { FleetError } from '../model/error.ts'
import { findBehind, type WantedBlocks } from '../plan/blocks.ts'
import { statusLine } from '../report/json.ts'
import { say } from '../report/say.ts'
import { type Asked, exitCodeOfStatus, printStatus } from '../report/status.ts'
import type { Connect } from '../session/session.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { poolFor, withBecomePassword } from './hosts.ts'
import { readInputs } from './inputs.ts'
import { readBlocking } from './ledger.ts'
import { listHosts } from './list-hosts.ts'
import { takeRunName } from './run-name.ts'
import { hasColor } from './terminal.ts'

/**
 * What stands on every host: one connection each, nothing is written there, and no template is read. 0 all settled,
 * 2 something pending, 3 a host that couldn't be asked, 4 one that isn't safe.
 */
export async function run(given: Flags): Promise<number> {
  const { run: named, flags } = takeRunName(given)
  if (named !== undefined) return (await import('./watch.ts')).watchRun(named, flags)
  const inputs = await readInputs(await withBecomePassword(flags))
  for (const finding of inputs.findings)
    if (finding.severity === 'warning') process.stderr.write(`${say(finding)}\n`)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))
  const blocking = await readBlocking(inputs)
  const pool = poolFor(inputs, flags, new AbortController().signal)
  const json = flag(flags, 'json', 'boolean') ?? false
  const asking = await pool.each([...inputs.connections], async ([host, connection]) => {
    const asked = await ask(host, pool.connector(connection), blocking?.asked(host))
    if (json) process.stdout.write(statusLine(asked))
    return asked
  })
  const asked = asking.map(one => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  if (!json) process.stdout.write(printStatus(asked, { color: hasColor(process.stdout) }))
  return exitCodeOfStatus(asked)
}

async function ask(host: string, connect: Connect, wanted: WantedBlocks | undefined): Promise<Asked> {
  try {
    const session = await connect()
    try {
      const status = await readStatus(session)
      const behind = findBehind(status, wanted)
      return { host, status, ...(behind ? { behind } : {}) }
    } finally {
      await session.close()
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return { host, state: error.hostState ?? 'failed', finding: error.finding }
  }
}
