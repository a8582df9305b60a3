import type { LabHost } from '../../../src/lab/host.ts'
import { until } from './wait.ts'

/** The guard's state on a host, of its latest transaction; '' where there was none since the boot. */
const stateOf = async (host: LabHost) =>
  (await host.exec('ls $(ls -td /run/fleet/txn/*/state | head -n 1)')).stdout.trim()

export const becomes = (host: LabHost, state: RegExp) =>
  until(
    () => stateOf(host),
    one => state.test(one),
  )

/** Seconds of the host's own clock from the moment that its guard began until its old rules were back. */
export async function secondsUntilBack(host: LabHost): Promise<number> {
  const { stdout } = await host.exec('cat $(ls -td /var/lib/fleet/txn/*/log | head -n 1)')
  const at = (word: string) => Number(new RegExp(`^(\\d+) .* -> ${word}`, 'm').exec(stdout)?.[1])
  return (at('ROLLED_BACK') - at('APPLYING')) / 100
}

/** The number of the generation that the host boots; undefined where fleet never confirmed one. */
export async function generationOf(host: LabHost): Promise<number | undefined> {
  const { stdout } = await host.exec('readlink /etc/iptables/fleet/current')
  return stdout === '' ? undefined : Number(stdout.replace('gen-', ''))
}

export async function isLocked(host: LabHost): Promise<boolean> {
  return (await host.exec('test -e /run/fleet/lock')).code === 0
}
