import type { LabHost } from '../../../src/lab/host.ts'

/* Whether packets get through, asked of the hosts themselves: sshd answers on every port that is asked here. */

/** Seconds within which an answer would have come: the hosts are one cable apart. */
const PATIENCE = 2

/** Whether a TCP connection from a host to a port elsewhere is answered with sshd's banner. */
export async function reaches(host: LabHost, address: string, port: number, within = ''): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && read -r -t ${PATIENCE} banner <&3 && case $banner in SSH-*) ;; *) exit 1 ;; esac`
  const { code } = await host.exec(`${within} timeout ${PATIENCE} bash -c '${script}' 2>/dev/null`)
  return code === 0
}

/** A connection that stays open: what it hears when it says something now. */
export interface Flow {
  answers(): Promise<boolean>
}

let flows = 0

/** Opens a connection to an sshd elsewhere and keeps it. sshd answers once to what isn't SSH. */
export async function openFlow(host: LabHost, address: string, port: number): Promise<Flow> {
  flows += 1
  const at = `/tmp/flow-${flows}`
  const script = `exec 3<>/dev/tcp/${address}/${port}; read -r banner <&3; echo open >${at}.open; read -r go <${at}; echo nonsense >&3; read -r -t ${PATIENCE} said <&3; echo "said $said" >${at}.said`
  const { code, stderr } = await host.exec(
    `mkfifo ${at} && { setsid bash -c '${script}' >/dev/null 2>&1 & } && until [ -e ${at}.open ]; do sleep 0.02; done`,
  )
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  return {
    answers: async () => {
      const said = await host.exec(
        `echo go >${at}; until [ -s ${at}.said ]; do sleep 0.02; done; cat ${at}.said`,
      )
      return said.stdout !== 'said \n'
    },
  }
}

/** A network with one container behind a host, as Docker lays it, and an sshd in it on port 80. Answers how to enter it. */
export async function startContainer(host: LabHost): Promise<string> {
  const { code, stdout, stderr } = await host.exec(`set -e
    ip link add docker0 type bridge
    ip addr add 172.17.0.1/16 dev docker0
    ip link set docker0 up
    unshare -n setsid sleep 100000 >/dev/null 2>&1 &
    c=$!
    until [ "$(readlink /proc/$c/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    ip link add veth0 type veth peer name eth0 netns $c
    ip link set veth0 master docker0 up
    in="nsenter -t $c -n"
    $in ip link set lo up
    $in ip addr add 172.17.0.2/16 dev eth0
    $in ip link set eth0 up
    $in ip route add default via 172.17.0.1
    echo 1 >/proc/sys/net/ipv4/ip_forward
    $in /usr/sbin/sshd -p 80 -o PidFile=none
    echo "$in"`)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  return stdout.trim()
}
