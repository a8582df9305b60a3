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

/** What falls in the window. */
export type Blow = (scene: Scene) => Promise<void>

export const killController: Blow = scene => signal(scene, 'SIGKILL')

/** Once, and all of it; by what their command lines hold, which comes on standard input to not be found itself. */
const KILL = `
pattern=$(cat)
for process in /proc/[0-9]*; do
  if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF -e "$pattern"; then
    pids="$pids \${process#/proc/}"
  fi
done
kill -9 $pids
`

export const killGuard: Blow = async ({ host, peer }) => {
  const { code, stderr } = await host.exec(KILL, peer.guard)
  if (code !== 0) throw new Error(`nothing to kill on ${host.name}: ${stderr}`)
}

export const cutPower: Blow = async ({ host }) => {
  await host.unplug()
  await host.boot()
}

const LINK_DOWN = 20_000

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
const FILL = `
for folder in ${FOLDERS}; do
  mkdir -p $folder
  mount -t tmpfs -o size=1m,mode=$(stat -c %a $folder) tmpfs /mnt
  cp -a $folder/. /mnt/
  mount --move /mnt $folder
  dd if=/dev/zero of=$folder/stuff bs=4k 2>/dev/null || true
done
`

export async function fillDisk(host: LabHost): Promise<void> {
  const { code, stderr } = await host.exec(`set -e${FILL}`)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}
