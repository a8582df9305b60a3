import { readFile } from 'node:fs/promises'
import type { LabHost } from '../../src/lab/host.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { until } from '../integration/hosts/wait.ts'
import { mendTools, replaceTool } from './backend.ts'
import type { Attempt, Trial } from './trial.ts'

const GUARD = '^/bin/sh /var/lib/fleet/host-[0-9a-f]*[.]sh  guard '
/** The shell that starts a guard again where there is no systemd. */
const KEEPER = '^/bin/sh -c trap .* guard '

/** The host's own pids of what has such a command line, oldest first. */
export async function pidsOf(host: LabHost, command: string): Promise<readonly number[]> {
  // The shell that asks has the pattern in its own.
  const { stdout } = await host.exec('read -r pattern; exec pgrep -f "$pattern"', `${command}\n`)
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Sends a signal, so many times in a row, to the host's guard once it is another process than `last`. Answers its pid. */
export async function strike(
  host: LabHost,
  signal: 'KILL' | 'TERM',
  { last = 0, times = 1 } = {},
): Promise<number> {
  const [pid = 0] = await until(
    () => pidsOf(host, GUARD),
    ([first]) => first !== undefined && first > last,
  )
  await host.exec(`for time in $(seq ${times}); do kill -s ${signal} ${pid} || break; done`)
  return pid
}

/** To every process of the guard's: those that it started for a moment as well. */
export async function signalGuard(host: LabHost, signal: 'STOP' | 'CONT'): Promise<void> {
  await host.exec(`kill -s ${signal} ${(await pidsOf(host, GUARD)).join(' ')}`)
}

/** The deadline of what is applied passes (or comes near), and nobody on the host takes note of it. */
export async function pastDeadline(host: LabHost, hundredths = 50): Promise<void> {
  const state = await stateOf(host)
  const deadline = Number(/^APPLIED-(\d+)-/.exec(state)?.[1])
  await until(
    async () => Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) * 100,
    now => now > deadline + hundredths,
  )
  if ((await stateOf(host)) !== state) throw new Error(`${host.name} is not ${state} any more`)
}

/** The guard and whatever would start it again, as one who cleans up would: nothing on the host knows of it then. */
export async function killTree(host: LabHost): Promise<void> {
  const pids = [...(await pidsOf(host, KEEPER)), ...(await pidsOf(host, GUARD))]
  if (pids.length < 2) throw new Error(`${host.name} has no guard with a keeper`)
  await host.exec(`kill -9 ${pids.join(' ')}`)
  await until(
    () => pidsOf(host, GUARD),
    found => found.length === 0,
  )
}

/** The state file of the latest transaction. */
export const stateOf = async (host: LabHost): Promise<string> =>
  (await host.exec('ls $(ls -td /run/fleet/txn/*/state | head -n 1)')).stdout.trim()

/** A change whose host is armed, and whose controller is stopped (SIGSTOP) before it can close the connection. */
export async function keepArmed(trial: Trial, name: string, ...args: readonly string[]): Promise<Attempt> {
  const host = trial.host(name)
  await replaceTool(
    host,
    'sync',
    ': >/arming; while [ -e /arming ]; do sleep 0.02; done; exec /usr/bin/sync "$@"',
  )
  const attempt = await trial.begin([name], ...args)
  await until(
    () => host.exec('test -e /arming'),
    ({ code }) => code === 0,
  )
  attempt.running.child.kill('SIGSTOP')
  await mendTools(host)
  await host.exec('rm /arming')
  await becomes(host, /^ARMED/)
  return attempt
}
