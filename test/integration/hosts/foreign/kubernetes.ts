import type { ForeignProgram } from './program.ts'

/** The chains of kube-proxy 1.29 and the kubelet, and the jumps to them, each put first as `EnsureRule` does. */
const CHAINS = `
jump() { # TABLE FROM TO WORD...
  table=$1 from=$2 to=$3
  shift 3
  $iptables -w -t "$table" -N "$to" 2>/dev/null || true
  $iptables -w -t "$table" -I "$from" "$@" -j "$to"
}
for iptables in iptables ip6tables; do
  $iptables -w -t mangle -N KUBE-KUBELET-CANARY
  jump filter INPUT KUBE-FIREWALL
  jump filter OUTPUT KUBE-FIREWALL
  $iptables -w -t filter -N KUBE-EXTERNAL-SERVICES
  for chain in INPUT FORWARD; do
    jump filter "$chain" KUBE-EXTERNAL-SERVICES -m conntrack --ctstate NEW -m comment --comment 'kubernetes externally-visible service portals'
  done
  jump filter INPUT KUBE-NODEPORTS -m comment --comment 'kubernetes health check service ports'
  for chain in FORWARD OUTPUT; do
    jump filter "$chain" KUBE-SERVICES -m conntrack --ctstate NEW -m comment --comment 'kubernetes service portals'
  done
  jump filter FORWARD KUBE-FORWARD -m comment --comment 'kubernetes forwarding rules'
  for chain in INPUT FORWARD OUTPUT; do
    jump filter "$chain" KUBE-PROXY-FIREWALL -m conntrack --ctstate NEW -m comment --comment 'kubernetes load balancer firewall'
  done
  for chain in OUTPUT PREROUTING; do
    jump nat "$chain" KUBE-SERVICES -m comment --comment 'kubernetes service portals'
  done
  jump nat POSTROUTING KUBE-POSTROUTING -m comment --comment 'kubernetes postrouting rules'
done
iptables -w -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment 'block incoming localnet connections' -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
`

interface Network {
  readonly restore: string
  readonly cluster: string
  readonly service: string
  readonly endpoints: readonly string[]
}

const V4: Network = {
  restore: 'iptables-restore',
  cluster: '10.244.0.0/16',
  service: '10.96.0.10',
  endpoints: ['10.244.1.2', '10.244.2.3', '10.244.3.4'],
}
const V6: Network = {
  restore: 'ip6tables-restore',
  cluster: 'fd00:10:244::/56',
  service: 'fd00:10:96::a',
  endpoints: ['fd00:10:244:1::2', 'fd00:10:244:2::3', 'fd00:10:244:3::4'],
}

const SVC = 'KUBE-SVC-TCOU7JCQXEZGVUNU'
const sep = (at: number) => `KUBE-SEP-${'ABCDEFGHIJKLMNO'.slice(at)}${'P'.repeat(at + 1)}`

/** An endpoint is taken with 1/n, the next with 1/(n-1), and the last one for sure. */
function endpoint(address: string, at: number, all: readonly string[]): readonly string[] {
  const port = address.includes(':') ? `[${address}]:53` : `${address}:53`
  const left = all.length - at
  const chance = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)} ` : ''
  return [
    `-A ${SVC} -m comment --comment "kube-system/kube-dns:dns -> ${port}" ${chance}-j ${sep(at)}`,
    `-A ${sep(at)} -m comment --comment kube-system/kube-dns:dns -s ${address} -j KUBE-MARK-MASQ`,
    `-A ${sep(at)} -m comment --comment kube-system/kube-dns:dns -m udp -p udp -j DNAT --to-destination ${port}`,
  ]
}

/** One sync of kube-proxy's: `iptables-restore --noflush --counters` of its chains, with so many endpoints. */
function sync({ restore, cluster, service, endpoints }: Network, ready: number): string {
  const used = endpoints.slice(0, ready)
  const lines = [
    '*filter',
    ...['NODEPORTS', 'SERVICES', 'EXTERNAL-SERVICES', 'FORWARD', 'PROXY-FIREWALL'].map(
      name => `:KUBE-${name} - [0:0]`,
    ),
    '-A KUBE-NODEPORTS -m comment --comment "web/front health check node port" -m tcp -p tcp --dport 30918 -j ACCEPT',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ...(ready === 0
      ? [
          `-A KUBE-SERVICES -m comment --comment "kube-system/kube-dns:dns has no endpoints" -m udp -p udp -d ${service} --dport 53 -j REJECT`,
        ]
      : []),
    'COMMIT',
    '*nat',
    ...['SERVICES', 'NODEPORTS', 'POSTROUTING', 'MARK-MASQ'].map(name => `:KUBE-${name} - [0:0]`),
    `:${SVC} - [0:0]`,
    ...endpoints.map((_, at) => `:${sep(at)} - [0:0]`),
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    `-A KUBE-SERVICES -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp -p udp -d ${service} --dport 53 -j ${SVC}`,
    `-A ${SVC} -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp -p udp -d ${service} --dport 53 ! -s ${cluster} -j KUBE-MARK-MASQ`,
    ...used.flatMap(endpoint),
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ...endpoints.flatMap((_, at) => (at < ready ? [] : [`-X ${sep(at)}`])),
    'COMMIT',
  ]
  return `${restore} -w 5 --noflush --counters <<'RULES'\n${lines.join('\n')}\nRULES\n`
}

const syncBoth = (ready: number) => sync(V4, ready) + sync(V6, ready)

/** kube-proxy in its mode iptables, in both families. */
export const KUBERNETES: ForeignProgram = {
  start: CHAINS + syncBoth(2),
  work: syncBoth(3),
  rest: syncBoth(0),
  mark: /KUBE-/,
}
