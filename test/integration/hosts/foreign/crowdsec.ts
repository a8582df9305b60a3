import type { ForeignProgram } from './program.ts'

/** A set for decisions of one origin, and the rule that drops by it, as the bouncer makes them when the first comes. */
const origin = (number: number) => `
ipset -exist create crowdsec-blacklists-${number} nethash timeout 300 maxelem 131072
ipset -exist create crowdsec6-blacklists-${number} nethash family inet6 timeout 300 maxelem 131072
iptables -I CROWDSEC_CHAIN -m set --match-set crowdsec-blacklists-${number} src -j CROWDSEC_LOG -m comment --comment "CrowdSec: crowdsec-blacklists-${number}"
ip6tables -I CROWDSEC_CHAIN -m set --match-set crowdsec6-blacklists-${number} src -j CROWDSEC_LOG -m comment --comment "CrowdSec: crowdsec6-blacklists-${number}"
ipset restore -exist <<'SETS'
add crowdsec-blacklists-${number} 203.0.113.${number} timeout 14399 -exist
add crowdsec6-blacklists-${number} 2001:db8::${number} timeout 14399 -exist
SETS
`

const START = `
for iptables in iptables ip6tables; do
  $iptables -N CROWDSEC_CHAIN -t filter
  for chain in INPUT FORWARD; do $iptables -I $chain -j CROWDSEC_CHAIN; done
  $iptables -N CROWDSEC_LOG -t filter
  $iptables -I CROWDSEC_LOG -j LOG --log-prefix 'CROWDSEC: '
  $iptables -A CROWDSEC_LOG -j DROP
done
`

/** A bouncer that ends takes its chain out of every chain first, then the sets. */
const STOP = `
for iptables in iptables ip6tables; do
  for chain in INPUT FORWARD; do $iptables -D $chain -j CROWDSEC_CHAIN; done
  for chain in CROWDSEC_CHAIN CROWDSEC_LOG; do $iptables -F $chain; done
  for chain in CROWDSEC_CHAIN CROWDSEC_LOG; do $iptables -X $chain; done
done
for set in $(ipset list -n | grep '^crowdsec'); do ipset destroy $set; done
`

/** crowdsec-firewall-bouncer in its mode iptables; decisions of another origin come, and then it is started anew. */
export const CROWDSEC: ForeignProgram = {
  start: START + origin(0),
  work: origin(1),
  rest: STOP + START + origin(0),
  mark: /CROWDSEC_|crowdsec6?-/,
}
