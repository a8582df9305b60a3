import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from './command.ts'
import { type HostPlan, hostNameOf } from './spec.ts'

/** Where one host's things lie. */
export interface HostPlace {
  readonly plan: HostPlan
  /** The controller's namespace. */
  readonly controller: string
  /** Pid, addresses and mount point. */
  readonly state: string
  /** What the host writes: the upper half of its overlay. Files here outlive a power loss. */
  readonly disk: string
  readonly log: string
  /** Lower folders of the overlay, topmost first. */
  readonly lower: readonly string[]
}

/** By the shell, for its umask, and in one go: a lab may have hundreds of hosts. */
const FURNISH = `
set -eu
umask 022
mkdir -p "$state/root" "$disk/work" "$disk/upper/etc/ssh/sshd_config.d"
cd "$disk/upper/etc"
echo "$name" >hostname
echo "$id" >machine-id
if [ -n "$port" ]; then printf 'Port 22\\nPort %s\\n' "$port" >ssh/sshd_config.d/lab.conf; fi
for type in ed25519 ecdsa; do
  ssh-keygen -q -t "$type" -N '' -C "$name" -f ssh/ssh_host_"$type"_key
done
`

/** Writes what makes a host itself: its name, its ids and its keys. Answers its public host key. */
export async function furnish({ plan, state, disk }: HostPlace): Promise<string> {
  const { port } = plan.spec
  const given = {
    state,
    disk,
    name: hostNameOf(plan.spec),
    id: randomUUID().replaceAll('-', ''),
    port: port ?? '',
  }
  const env = Object.entries(given).map(([key, value]) => `${key}=${value}`)
  await mustRun(['env', ...env, 'sh', '-c', FURNISH])
  const key = await readFile(join(disk, 'upper/etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
  return key.split(' ').slice(0, 2).join(' ')
}

export async function makeKey(path: string): Promise<void> {
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'fleet-lab', '-f', path])
}
