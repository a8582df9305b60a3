import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { mustRun } from '../../src/lab/command.ts'
import type { LabHost } from '../../src/lab/host.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import type { Fault } from './faults.ts'
import { bringUnderFleet, fleet } from './fleet.ts'
import type { Peer } from './peer.ts'
import { OLD } from './rules.ts'

/** Two at once need names of their own. */
const NAME = `${process.env.FLEET_TEST_RUN ?? 'bench-'}peers`

/** A host of its own for each tool under each fault, all with OLD in force and on disk. */
export async function prepareGround(
  faults: readonly Fault[],
  peers: readonly Peer[],
  say: (line: string) => void,
): Promise<Lab> {
  const seats = faults.flatMap(fault =>
    peers.map(peer => ({ fault, peer, name: `${fault.name}-${peer.key}` })),
  )
  say(`${seats.length} hosts start`)
  const hosts = seats.map(({ name, fault }) => ({ name, root: 'bookworm', systemd: fault.systemd === true }))
  const lab = await startLab({ name: NAME, hosts, packages: ['python3'], aptLists: true }, say)
  try {
    say('iptables-persistent and Python are installed')
    await installPackages(lab)
    const limit = pLimit(4)
    const old = (seat: (typeof seats)[number]) =>
      limit(() => settle(lab.host(seat.name), seat.fault, seat.peer))
    await Promise.all(seats.map(old))
    await settleFleet(
      lab,
      seats.filter(({ fault, peer }) => peer === fleet && !fault.empty).map(({ name }) => name),
    )
    return lab
  } catch (error) {
    await lab.stop()
    throw error
  }
}

const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
echo 'iptables-persistent iptables-persistent/autosave_v4 boolean false
iptables-persistent iptables-persistent/autosave_v6 boolean false' | debconf-set-selections
apt-get install -qq -y --no-install-recommends ipset iptables-persistent ipset-persistent python3
`
/** All but what is the host's own, what nobody needs a second time, and overlay's whiteouts, which are devices. */
const PACK = `
cd "$1"
find etc usr var -path etc/ssh -prune -o -path var/cache -prune -o -path var/lib/apt -prune -o -path var/log -prune \\
  -o '(' -type f -o -type l ')' ! -name hostname ! -name machine-id -print0 | tar --null -T - -cf "$2"
`
const UNPACK = 'nsenter -t "$1" -m -p -r tar -x -C / <"$2"'

/** By apt on one host; the others get the files that this made there. */
async function installPackages({ hosts, stateDir }: Lab): Promise<void> {
  const [first, ...others] = hosts
  if (!first) return
  await must(first, INSTALL)
  const archive = join(stateDir, 'packages.tar')
  await mustRun(['sh', '-ec', PACK, 'sh', first.disk, archive])
  const limit = pLimit(4)
  const unpack = ({ pid }: LabHost) => limit(() => mustRun(['sh', '-ec', UNPACK, 'sh', String(pid), archive]))
  await Promise.all(others.map(unpack))
}

const LEGACY =
  'for one in iptables ip6tables; do update-alternatives --set $one /usr/sbin/$one-legacy; done\n'
const LOAD = `
mkdir -p /etc/iptables
head -c "$four" >/etc/iptables/rules.v4
cat >/etc/iptables/rules.v6
netfilter-persistent start
`

/** Hosts of fleet get theirs by fleet. */
async function settle(host: LabHost, { legacy, empty }: Fault, peer: Peer): Promise<void> {
  if (legacy) await must(host, LEGACY)
  if (empty) await must(host, 'mkdir -p /etc/iptables')
  if (!empty && peer !== fleet) await must(host, `four=${OLD[4].length}${LOAD}`, OLD[4] + OLD[6])
}

async function settleFleet(lab: Lab, names: readonly string[]): Promise<void> {
  const folder = join(lab.stateDir, 'at-first')
  mkdirSync(folder)
  const rows = lab.rows.filter(row => names.includes(row.split(' ')[0] ?? ''))
  if (rows.length > 0) await bringUnderFleet({ lab, folder }, rows, OLD)
}

async function must(host: LabHost, script: string, stdin = ''): Promise<void> {
  const { code, stdout, stderr } = await host.exec(script, stdin)
  if (code !== 0) throw new Error(`${host.name}: ended with ${code}\n${stdout}${stderr}`)
}
