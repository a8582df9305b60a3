/**
 * Makes the root in a mount namespace of its own and becomes systemd-nspawn there. Each host has a cgroup of its
 * own: two systemds in one would end each other's services. nspawn's notes about itself stay in that namespace too.
 */
const START = `
set -eu
mount -t overlay overlay -o "$overlay" "$state/root"
ip -batch "$state/addresses"
for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -e "$tree/cgroup.procs" ]; then
    mkdir -p "$tree/$namespace"
    echo $$ >"$tree/$namespace/cgroup.procs"
  fi
done
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
exec env SYSTEMD_NSPAWN_API_VFS_WRITABLE=network systemd-nspawn --quiet --boot --directory="$state/root" \\
  --machine="$name" --hostname="$name" --network-namespace-path="/run/netns/$namespace" \\
  --capability=CAP_NET_ADMIN,CAP_SYS_RESOURCE --register=no --keep-unit --console=passive \\
  --resolv-conf=off --timezone=off --link-journal=no
`

export interface SystemdStart {
  readonly namespace: string
  readonly name: string
  readonly state: string
  readonly overlay: string
}

/** The command that is a systemd host for as long as it runs. */
export function systemdHostCommand({ namespace, name, state, overlay }: SystemdStart): readonly string[] {
  const given = { state, overlay, name, namespace }
  const env = Object.entries(given).map(([key, value]) => `${key}=${value}`)
  const apart = ['--mount', '--propagation', 'private']
  return ['nsenter', `--net=/run/netns/${namespace}`, 'unshare', ...apart, 'env', ...env, 'sh', '-c', START]
}
