import { allowConnections } from '../integration/hosts/one-connection.ts'
import { until } from '../integration/hosts/wait.ts'
import { readGround } from './ground.ts'
import type { Trial } from './trial.ts'

/** From now on who connects to one host is led to another one. Connections that there are stay as they are. */
export async function leadTo(trial: Trial, host: string, other: string): Promise<void> {
  await trial.lab.run(['iptables', '-w', '-t', 'nat', '-A', ...detour(trial, host, other)])
}

async function leadBack(trial: Trial, host: string, other: string): Promise<void> {
  await trial.lab.run(['iptables', '-w', '-t', 'nat', '-D', ...detour(trial, host, other)])
}

function detour(trial: Trial, host: string, other: string): readonly string[] {
  const [from, to] = [trial.host(host).address4, trial.host(other).address4]
  return ['OUTPUT', '-p', 'tcp', '-d', from, '--dport', '22', '-j', 'DNAT', '--to-destination', to]
}

/** The address is the host's own again, and connections to it get through. */
export async function giveBack(trial: Trial, host: string, other: string): Promise<void> {
  await leadBack(trial, host, other)
  await allowConnections(trial.lab, host)
}

/** The other host shows the host keys of the first: a clone of it, as templates and failovers make them. */
export async function takeKeys(trial: Trial, host: string, other: string): Promise<void> {
  const keys = await trial.must(host, 'tar -C /etc/ssh -c $(cd /etc/ssh && ls -d ssh_host_*) | base64')
  await trial.must(other, 'base64 -d | tar -C /etc/ssh -x && kill -HUP "$(cat /run/sshd.pid)"', keys)
  const [, key = 'none'] = (await trial.must(host, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')
  const scan = ['ssh-keyscan', '-t', 'ed25519', trial.host(other).address4]
  await until(
    async () => (await trial.lab.run(scan)).stdout,
    shown => shown.includes(key),
  )
}

/** The other host has the boot id of the first, as containers on one machine have their kernel's. */
export async function takeBoot(trial: Trial, host: string, other: string): Promise<void> {
  const boot = await trial.must(host, 'cat /proc/sys/kernel/random/boot_id')
  await trial.must(other, 'cat >/run/lab/boot_id', boot)
  const shown = await trial.must(other, 'cat /proc/sys/kernel/random/boot_id')
  if (shown !== boot) throw new Error(`${other} has the boot ${shown}`)
}

/** The other host gets all that fleet keeps on the first, in memory and on disk: a snapshot, but for its boot. */
export async function takeFiles(trial: Trial, host: string, other: string): Promise<void> {
  const files = await trial.must(host, 'tar -C / -c run/fleet var/lib/fleet etc/iptables | base64')
  await trial.must(other, 'base64 -d | tar -C / -x', files)
}

/**
 * Every byte that fleet could leave on a host, and what is in force there. A host with what another one had in memory
 * has an empty folder for a life of its own once it was looked at.
 */
export async function readTrace(trial: Trial, name: string): Promise<readonly unknown[]> {
  const folders = '/etc/iptables /run/fleet /var/lib/fleet /usr/share/netfilter-persistent/plugins.d'
  const files = await trial.must(
    name,
    `find ${folders} -type f -exec sha256sum {} + | sort -k 2; find ${folders} | grep -vE '^/run/fleet/[0-9]+$' | sort`,
  )
  return [files, await readGround(trial.host(name))]
}
