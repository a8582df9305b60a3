import { setTimeout as sleep } from 'node:timers/promises'
import type { LabHost } from '../../src/lab/host.ts'
import { type Peer, type Place, WINDOW } from './peer.ts'
import { signal } from './program.ts'

/** A host in its window. */
export interface Scene extends Place {
  readonly peer: Peer
  /** Lets the tool's second connection through. */
  readonly release: () => Promise<void>
  /** Somebody else who works on the same host with the same tool, to the end. */
  readonly another: () => Promise<void>
}

/** Milliseconds. */
const LINK_DOWN = 20_000

/** What falls in the window. */
export type Blow = (scene: Scene) => Promise<void>

export const killController: Blow = scene => signal(scene, 'SIGKILL')

/** All of it; by what their command lines hold, which comes on standard input to not be found itself. */
const KILL = `
pattern=$(cat)
for process in /proc/[0-9]*; do
  if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF -e "$pattern"; then
    pids="$pids \${process#/proc/}"
  fi
done
kill -s "$signal" $pids
`

/** Once. */
const strikeGuard =
  (signal: 'KILL' | 'TERM'): Blow =>
  async ({ host, peer }) => {
    const { code, stderr } = await host.exec(`signal=${signal}${KILL}`, peer.guard)
    if (code !== 0) throw new Error(`nothing to kill on ${host.name}: ${stderr}`)
  }
export const killGuard = strikeGuard('KILL')
export const endGuard = strikeGuard('TERM')

/** Somebody at the controller's address, whom its own rules let through before the tool's second connection. */
export const takeTurn: Blow = async ({ lab, address }) => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  await lab.run(['iptables', '-I', 'OUTPUT', '-m', 'owner', '--uid-owner', '65534', '-j', 'ACCEPT'])
  const { code } = await lab.run([...nobody, 'bash', '-c', `read -r _ </dev/tcp/${address}/22`])
  if (code !== 0) throw new Error(`nobody gets through to ${address}`)
}

/** The listener; sessions live on. */
export const stopSshd: Blow = async ({ host, release }) => {
  await host.exec('kill "$(cat /run/sshd.pid)"')
  await release()
  await sleep(LINK_DOWN)
  await host.exec('setsid /usr/sbin/sshd -D -e </dev/null >>/proc/1/fd/2 2>&1 &')
}

export const cutPower: Blow = async ({ host }) => {
  await host.unplug()
  await host.boot()
}

export const cutLink: Blow = async ({ host, release }) => {
  await host.cut()
  await release()
  await sleep(LINK_DOWN)
  await host.mend()
}

/** Seconds: beyond the end of the trial. */
const LOCK_HELD = 600

export const holdLock: Blow = async ({ host }) => {
  await host.exec(`flock /run/xtables.lock sleep ${LOCK_HELD} >/dev/null 2>&1 </dev/null &`)
}

/** The first one goes on when its time is over. */
export const comeSecond: Blow = async scene => {
  const over = sleep((WINDOW + 3) * 1000)
  await signal(scene, 'SIGSTOP')
  await scene.release()
  await scene.another()
  await over
  await signal(scene, 'SIGCONT')
}

/** Where the tools keep things; a real disk is full everywhere at once. */
const FOLDERS = '/tmp /var/tmp /root /var/lib/fleet /etc/iptables'
const fill = (stuff: string) => async (host: LabHost) => {
  const script = `set -e
for folder in ${FOLDERS}; do
  mkdir -p $folder
  mount -t tmpfs -o size=1m,nr_inodes=200,mode=$(stat -c %a $folder) tmpfs /mnt
  cp -a $folder/. /mnt/
  mount --move /mnt $folder
  ${stuff}
done
`
  const { code, stderr } = await host.exec(script)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

export const fillDisk = fill('dd if=/dev/zero of=$folder/stuff bs=4k 2>/dev/null || true')
export const useUpInodes = fill(
  'mkdir $folder/stuff; for i in $(seq 200); do true >$folder/stuff/$i || break; done 2>/dev/null',
)

export async function protectRules(host: LabHost): Promise<void> {
  const { code, stderr } = await host.exec(
    'mount --bind /etc/iptables /etc/iptables && mount -o remount,ro,bind /etc/iptables',
  )
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}
