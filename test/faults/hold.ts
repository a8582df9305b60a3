import type { LabHost } from '../../src/lab/host.ts'
import { until } from '../integration/hosts/wait.ts'

/** Where fleet's program can be made to stand still on a host: the tool that it calls there, and a word of the call or of its caller. */
const PLACES = {
  observing: ['unshare', 'canonical'],
  arming: ['unshare', 'rehearse-change'],
  applying: ['iptables-restore', '-w 5 --noflush'],
  undoing: ['iptables-restore', '-w 1 --noflush'],
  confirming: ['iptables-save', ' confirm '],
  renaming: ['mv', '/etc/iptables/fleet/current'],
  persisting: ['unshare', 'rehearse-boot'],
} as const

/** From now on whoever comes to this place on the host waits there until `letGo`. */
export async function hold(host: LabHost, place: keyof typeof PLACES): Promise<void> {
  const [tool, word] = PLACES[place]
  const { code, stderr } = await host.exec(
    `: >/hold; cat >/usr/local/sbin/${tool}; chmod 755 /usr/local/sbin/${tool}`,
    `#!/bin/dash
case "$* $(tr '\\0' ' ' </proc/$PPID/cmdline)" in
  *'${word}'*) while [ -e /hold ]; do : >/held; sleep 0.05; done ;;
esac
for folder in /usr/sbin /usr/bin; do [ ! -x $folder/${tool} ] || exec $folder/${tool} "$@"; done
`,
  )
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

/** Somebody stands there. */
export const isHeld = (host: LabHost) =>
  until(
    () => host.exec('test -e /held'),
    ({ code }) => code === 0,
  )

/** A fresh connection is there, and waits for the rules to come into force. */
export const isAwaited = (host: LabHost) =>
  until(
    () => host.exec('ps -eo args'),
    ({ stdout }) => / await [0-9a-f]{32}$/m.test(stdout),
  )

export async function letGo(host: LabHost): Promise<void> {
  await host.exec('rm -f /hold /held; cd /usr/local/sbin && rm -f unshare iptables-restore iptables-save mv')
}
