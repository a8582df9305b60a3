import type { ForeignProgram } from './program.ts'

/** The private chains that libvirt 9 makes in both families before its first network. */
const CHAINS = `
for iptables in iptables ip6tables; do
  for pair in INPUT:INP OUTPUT:OUT FORWARD:FWO FORWARD:FWI FORWARD:FWX; do
    $iptables -w --table filter --new-chain LIBVIRT_\${pair#*:}
    $iptables -w --table filter --insert \${pair%:*} --jump LIBVIRT_\${pair#*:}
  done
  for table in nat mangle; do
    $iptables -w --table $table --new-chain LIBVIRT_PRT
    $iptables -w --table $table --insert POSTROUTING --jump LIBVIRT_PRT
  done
done
`

/** A network with NAT for IPv4 and routed IPv6, put up (`--insert`) or taken down (`--delete`). */
const network = (how: '--insert' | '--delete', bridge: string, net4: string, net6: string) => `
filter() { $iptables -w --table filter ${how} "$@"; }
nat() { iptables -w --table nat ${how} LIBVIRT_PRT --source ${net4} "$@"; }
for iptables in iptables ip6tables; do
  asks=67 answers=68
  if [ $iptables = ip6tables ]; then asks=547 answers=546; fi
  filter LIBVIRT_INP --in-interface ${bridge} --protocol udp --destination-port $asks --jump ACCEPT
  filter LIBVIRT_OUT --out-interface ${bridge} --protocol udp --destination-port $answers --jump ACCEPT
  for proto in tcp udp; do
    filter LIBVIRT_INP --in-interface ${bridge} --protocol $proto --destination-port 53 --jump ACCEPT
    filter LIBVIRT_OUT --out-interface ${bridge} --protocol $proto --destination-port 53 --jump ACCEPT
  done
  filter LIBVIRT_FWO --in-interface ${bridge} --jump REJECT
  filter LIBVIRT_FWI --out-interface ${bridge} --jump REJECT
  filter LIBVIRT_FWX --in-interface ${bridge} --out-interface ${bridge} --jump ACCEPT
done
iptables=iptables
filter LIBVIRT_FWO --source ${net4} --in-interface ${bridge} --jump ACCEPT
filter LIBVIRT_FWI --destination ${net4} --out-interface ${bridge} --match conntrack --ctstate ESTABLISHED,RELATED --jump ACCEPT
nat '!' --destination ${net4} --jump MASQUERADE
nat -p udp '!' --destination ${net4} --jump MASQUERADE --to-ports 1024-65535
nat -p tcp '!' --destination ${net4} --jump MASQUERADE --to-ports 1024-65535
nat --destination 255.255.255.255/32 --jump RETURN
nat --destination 224.0.0.0/24 --jump RETURN
iptables=ip6tables
filter LIBVIRT_FWO --source ${net6} --in-interface ${bridge} --jump ACCEPT
filter LIBVIRT_FWI --destination ${net6} --out-interface ${bridge} --jump ACCEPT
`

const second = ['virbr1', '192.168.100.0/24', '2001:db8:ca2:3::/64'] as const

/** libvirtd with its network "default"; another network comes and goes. */
export const LIBVIRT: ForeignProgram = {
  start: CHAINS + network('--insert', 'virbr0', '192.168.122.0/24', '2001:db8:ca2:2::/64'),
  work: network('--insert', ...second),
  rest: network('--delete', ...second),
  mark: /LIBVIRT_/,
}
