/**
 * The two halves of a light host's start.
 *
 * OUTSIDE runs as pid 1 of new pid, mount and uts namespaces, in the host's network namespace, still seeing this
 * machine's files. It makes the root, then becomes INIT inside it. `/proc/self` is still this machine's there, so
 * it tells the pid that others know it by. The boot id is the kernel's and would be the same for every host and
 * boot, so each boot lays its own over it. The devpts is new, or what asks for a terminal fails in odd ways. The
 * record in utmp says runlevel 2: without a runlevel the maintainer scripts of packages don't start their services.
 */
const OUTSIDE = `
set -eu
read -r pid rest </proc/self/stat
echo "$pid" >"$state/pid"
mount -t overlay overlay -o "$overlay" "$state/root"
hostname "$name"
ip -batch "$state/addresses"
cd "$state/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mkdir -p run/sshd run/lock run/lab
chmod 1777 run/lock
echo "$boot" >run/lab/boot_id
mount --bind run/lab/boot_id proc/sys/kernel/random/boot_id
printf '\\001\\000\\000\\000\\062\\116\\000\\000~' >run/utmp
truncate -s 384 run/utmp
pivot_root . mnt
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \\
  chroot . /bin/sh -c "$init"
`

/**
 * Pid 1 of the host. Not sshd itself: what a session leaves behind is handed to pid 1, and whoever walks up its
 * parents must not meet an sshd there that isn't one of a session. Stops and restarts of sshd don't end the host.
 */
const INIT = `
umount -l /mnt
if [ -x /usr/sbin/netfilter-persistent ]; then
  /usr/sbin/netfilter-persistent start
fi
/usr/sbin/sshd -D -e &
while :; do
  wait
  sleep 1
done
`

export interface LightStart {
  readonly namespace: string
  readonly name: string
  /** The host's folder: `pid`, `addresses` and the mount point `root`. */
  readonly state: string
  /** Options of the overlay mount. */
  readonly overlay: string
  readonly bootId: string
}

/** The command that is a light host for as long as it runs. */
export function lightHostCommand({ namespace, name, state, overlay, bootId }: LightStart): readonly string[] {
  const given = { state, overlay, name, boot: bootId, init: INIT }
  const env = Object.entries(given).map(([key, value]) => `${key}=${value}`)
  const apart = ['--mount', '--pid', '--uts', '--fork', '--kill-child', '--propagation', 'private']
  return ['nsenter', `--net=/run/netns/${namespace}`, 'unshare', ...apart, 'env', ...env, 'sh', '-c', OUTSIDE]
}
