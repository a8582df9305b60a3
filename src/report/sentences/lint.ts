import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const rule = (a: Args) => `\`${String(a.rule)}\``
const by = (a: Args) => `\`${String(a.by)}\`${a.byAt ? ` (${String(a.byAt)})` : ''}`
const more = (a: Args) => (Number(a.count) > 1 ? ` and ${Number(a.count) - 1} more` : '')
const other = (a: Args) => (a.family === 4 ? '6' : '4')

export const lintSentences = {
  'rule-after-end': a =>
    `${rule(a)}${more(a)} can never match: ${by(a)} before it ends the chain for every packet. Move that rule to the end, or take out what follows.`,
  'rule-shadowed': a =>
    `${rule(a)} can never match: ${by(a)} before it takes all its packets. Take it out, or put it first.`,
  'drop-too-late': a =>
    `${rule(a)} comes too late: ${by(a)} has already let those packets in. Put the DROP before the rule that opens, or use the role \`blocklist\`, which comes first.`,
  'state-match': a =>
    `${rule(a)} uses \`-m state\`, which is only an old name. Write \`-m conntrack --ctstate\` instead.`,
  'source-port-trusted': a =>
    `${rule(a)} lets in whoever sends from that port, and every sender chooses its own port. Name the port of this host with \`--dport\`, or let answers in with \`-m conntrack --ctstate ESTABLISHED,RELATED\`.`,
  'established-dropped': a =>
    `IPv${String(a.family)}: ${String(a.chain)} drops what no rule accepts, and no rule accepts the packets of open connections. Add \`-A ${String(a.chain)} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\` at the top.`,
  'neighbour-discovery-dropped': a =>
    `IPv6: ${String(a.chain)} drops neighbour discovery, without which no IPv6 address can be reached. Accept \`-p ipv6-icmp --icmpv6-type 135\` and \`136\` there; the role \`base\` does.`,
  'family-open': a =>
    `IPv${String(a.family)} lets strangers in while IPv${other(a)} is closed to them. Give INPUT of IPv${String(a.family)} the same policy, or say the rules outside of {{#v${other(a)}}}.`,
} satisfies Sentences
