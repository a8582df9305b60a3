import type { LabHost } from '../../../src/lab/host.ts'
import { run } from './foreign/program.ts'
import { hostRules } from './rules.ts'

/** What dockerd 24 does to IPv4 with one bridge and one container that publishes 8080, in its order. */
const DOCKER = `
iptables -P FORWARD DROP
iptables -t nat -N DOCKER
iptables -N DOCKER
iptables -N DOCKER-ISOLATION-STAGE-1
iptables -N DOCKER-ISOLATION-STAGE-2
iptables -A DOCKER-ISOLATION-STAGE-1 -j RETURN
iptables -A DOCKER-ISOLATION-STAGE-2 -j RETURN
iptables -t nat -I POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -I DOCKER -i docker0 -j RETURN
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER ! --dst 127.0.0.0/8
iptables -I FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -I FORWARD -o docker0 -j DOCKER
iptables -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -I FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables -I DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
iptables -I DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
iptables -N DOCKER-USER
iptables -A DOCKER-USER -j RETURN
iptables -I FORWARD -j DOCKER-USER
iptables -t nat -A DOCKER -p tcp -d 0/0 --dport 8080 -j DNAT --to-destination 172.17.0.2:80 ! -i docker0
iptables -t nat -A POSTROUTING -p tcp -s 172.17.0.2 -d 172.17.0.2 --dport 80 -j MASQUERADE
iptables -A DOCKER ! -i docker0 -o docker0 -p tcp -d 172.17.0.2 --dport 80 -j ACCEPT
`

/** What fail2ban's action iptables-multiport does when the jail sshd starts and bans somebody, in both families. */
const FAIL2BAN = `
for iptables in iptables ip6tables; do
  $iptables -w -N f2b-sshd
  $iptables -w -A f2b-sshd -j RETURN
  $iptables -w -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
done
iptables -w -I f2b-sshd 1 -s 203.0.113.5 -j REJECT --reject-with icmp-port-unreachable
ip6tables -w -I f2b-sshd 1 -s 2001:db8::5 -j REJECT --reject-with icmp6-port-unreachable
`

export const startDocker = (host: LabHost) => run(host, DOCKER)
export const startFail2ban = (host: LabHost) => run(host, FAIL2BAN)

export const THEIRS = /DOCKER|docker0|172\.17\.|f2b-/

/**
 * The lines of both families' saves that are theirs (Docker's and fail2ban's, or whose a mark finds), each with its
 * table, in their order.
 */
export async function foreignLines(host: LabHost, mark = THEIRS): Promise<readonly string[]> {
  return (await linesOf(host)).filter(line => mark.test(line))
}

/** All the others: what is left of the host's rules without them. */
export async function ownLines(host: LabHost, mark: RegExp): Promise<readonly string[]> {
  return (await linesOf(host)).filter(line => !mark.test(line))
}

async function linesOf(host: LabHost): Promise<readonly string[]> {
  const saves = [await hostRules(host, 4), await hostRules(host, 6)]
  return saves.flatMap(save => {
    let table = ''
    return save.split('\n').flatMap(line => {
      if (line.startsWith('*')) table = line
      return line === '' ? [] : [`${table} ${line}`]
    })
  })
}
