import type { ForeignProgram } from './program.ts'

/** What tailscaled does with netfilter-mode on: chains, their rules, and the jumps, put back first when it is asked to. */
const START = `
for iptables in iptables ip6tables; do
  for chain in ts-input ts-forward; do $iptables -t filter -N $chain --wait; done
  $iptables -t nat -N ts-postrouting --wait
done
iptables -t filter -A ts-input ! -i tailscale0 -s 100.115.92.0/23 -j RETURN --wait
iptables -t filter -A ts-input ! -i tailscale0 -s 100.64.0.0/10 -j DROP --wait
for iptables in iptables ip6tables; do
  $iptables -t filter -A ts-input -i tailscale0 -j ACCEPT --wait
  $iptables -t filter -A ts-forward -i tailscale0 -j MARK --set-mark 0x40000/0xff0000 --wait
  $iptables -t filter -A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT --wait
  [ $iptables = ip6tables ] || $iptables -t filter -A ts-forward -o tailscale0 -s 100.64.0.0/10 -j DROP --wait
  $iptables -t filter -A ts-forward -o tailscale0 -j ACCEPT --wait
  $iptables -t nat -A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE --wait
  $iptables -t filter -I INPUT 1 -j ts-input --wait
  $iptables -t filter -I FORWARD 1 -j ts-forward --wait
  $iptables -t nat -I POSTROUTING 1 -j ts-postrouting --wait
done
iptables -t filter -I ts-input 1 -i lo -s 100.101.102.103 -j ACCEPT --wait
ip6tables -t filter -I ts-input 1 -i lo -s fd7a:115c:a1e0::6667 -j ACCEPT --wait
`

const port = (how: '-A' | '-D') => `
for iptables in iptables ip6tables; do
  $iptables -t filter ${how} ts-input -p udp --dport 41641 -j ACCEPT --wait
  $iptables -t nat ${how} ts-postrouting -o eth0 -m mark --mark 0x80000/0xff0000 -j RETURN --wait
done
`

/** tailscaled with iptables; its port for WireGuard opens and closes. */
export const TAILSCALE: ForeignProgram = {
  start: START,
  work: port('-A'),
  rest: port('-D'),
  mark: /\bts-(?:input|forward|postrouting)\b/,
}
