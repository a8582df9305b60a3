import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { FleetError } from '../model/error.ts'
import { mustRun } from './command.ts'
import type { LabHost } from './host.ts'
import type { Lab } from './lab.ts'

const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
echo 'iptables-persistent iptables-persistent/autosave_v4 boolean false
iptables-persistent iptables-persistent/autosave_v6 boolean false' | debconf-set-selections
apt-get install -qq -y --no-install-recommends ipset iptables-persistent ipset-persistent
`
/** All but what is the host's own, what nobody needs a second time, and overlay's whiteouts, which are devices. */
const PACK = `
cd "$1"
find etc usr var -path etc/ssh -prune -o -path var/cache -prune -o -path var/lib/apt -prune -o -path var/log -prune \\
  -o '(' -type f -o -type l ')' ! -name hostname ! -name machine-id -print0 | tar --null -T - -cf "$2"
`
/** The file is opened where it can be seen. */
const UNPACK = 'exec nsenter -t "$1" -m -p -r tar -x -C / <"$2"'
const AT_ONCE = 4

/**
 * iptables-persistent on every host of a lab that has `packages` and `aptLists`: by apt on one, the others get the files
 * that this made there. Otherwise 500 hosts would take an hour. Throws `lab-command-failed`.
 */
export async function installOnAll({ hosts, stateDir }: Lab): Promise<void> {
  const [first, ...others] = hosts
  if (!first) return
  const archive = join(stateDir, 'packages.tar')
  const { code, stdout, stderr } = await first.exec(INSTALL)
  if (code !== 0) {
    const said = `${stdout}${stderr}`.trim().slice(-2000)
    throw new FleetError('lab-command-failed', { command: `apt-get on ${first.name}`, exit: code, said })
  }
  await mustRun(['sh', '-ec', PACK, 'sh', first.disk, archive])
  const limit = pLimit(AT_ONCE)
  const unpack = (host: LabHost) => mustRun(['sh', '-ec', UNPACK, 'sh', String(host.pid), archive])
  await Promise.all(others.map(host => limit(() => unpack(host))))
  await rm(archive)
}
