import type { Args } from '../../model/finding.ts'
import { sayApart } from '../apart.ts'
import { minute } from '../words.ts'
import type { Sentences } from './sentence.ts'

const list = (value: Args[string] | undefined): readonly string[] =>
  Array.isArray(value) ? value : [String(value ?? '')]

/** `3 rules (such as "-A INPUT -j DROP")`: the plan shows each of them below. */
function rules(value: Args[string] | undefined): string {
  const all = list(value)
  return all.length === 1
    ? `one rule or chain ("${all[0]}")`
    : `${all.length} rules and chains (such as "${all[0]}")`
}

const LOADED: Readonly<Record<string, string>> = {
  '4': 'The IPv4 rules',
  '6': 'The IPv6 rules',
  sets: 'The ipsets',
}

const BEHIND: Readonly<Record<string, string>> = {
  missing: 'It blocks nothing of what the ledger says.',
  other: 'It does not block just what the ledger says.',
  hook: 'Its blocks do not stand where packets meet them first.',
  feeds: 'It does not have the feeds as they were taken last.',
  boot: 'It blocks what the ledger says, but would not any more after a boot.',
}

const decided = (a: Args) =>
  a.rule === '' ? 'No rule accepts it, so the policy decides.' : `What decides is "${String(a.rule)}".`

const acceptNeighbours = (chain: string) =>
  `Accept \`-p ipv6-icmp --icmpv6-type 135\` and \`136\` in ${chain} (the role \`base\` does), or let the host go ahead with --accept-lockout-risk HOST: the new connection that proves a change may still pass then, and none after it.`

function wayOut(manager: string, caller: Args[string] | undefined): string {
  if (caller !== undefined)
    return `Take those lines out of it first, or out of ${String(caller)} what runs it.`
  if (manager.startsWith('/')) return 'Take those lines out of the file first.'
  if (manager === 'ufw')
    return "Turn it off there first (ufw disable; apt-get -y remove ufw, since iptables-persistent can't be installed beside it; the chains that it leaves go with fleet_replace: ['ufw*'])."
  return `Turn it off there first (systemctl disable --now ${manager}, or take the script out).`
}

export const planSentences = {
  'not-in-plan': () =>
    'The plan does not have this host: it came to the inventory since. Make a new plan with `fleet plan -o`.',
  'plan-said': a =>
    `The plan said ${String(a.verdict)} of this host, and now there is something to change. Make a new plan with \`fleet plan -o\`.`,
  'host-drifted': () =>
    'Its rules are not those that the plan was made for: somebody changed them since. Make a new plan with `fleet plan -o`.',
  'other-rules-wanted': () =>
    'Inventory, variables or templates ask for other rules than the plan says. Make a new plan with `fleet plan -o`.',
  'other-rules-than-run': a =>
    `Inventory, variables, templates, feeds or dns: names ask for other rules by now than run ${String(a.run)} planned, and no canary of it had these. Put them back and resume it, or begin a new rollout with \`fleet apply\`.`,
  'drift-rules': () =>
    'Rules that were confirmed are missing, were changed, or stand in another order. `fleet apply` puts them right.',
  'drift-strangers': a =>
    `Somebody added ${rules(a.rules)} where fleet's rules decide. \`fleet apply\` leaves that alone: write it into a role, or take it out with --replace-unmanaged.`,
  'drift-sets': a =>
    `Sets that the rules refer to don't hold what was confirmed: ${list(a.sets).join(', ')}. \`fleet apply\` puts them right.`,
  'drift-damaged': a =>
    `What a boot would load is not what was confirmed: ${list(a.files).length === 0 ? 'the files of the generation' : list(a.files).join(' and ')} changed since. \`fleet apply\` makes a new generation.`,
  'drift-unstored': a =>
    `What was confirmed last (run ${String(a.run)} of ${String(a.who)}) is not on its disk: a boot would load what was before. \`fleet apply\` brings it there.`,
  'drift-unlinked': () =>
    '/etc/iptables/rules.v4 and rules.v6 are no links to the generation any more, so a boot loads what is in them. `netfilter-persistent save` and dpkg-reconfigure do that; `fleet apply` puts the links back.',
  'drift-plugins': () =>
    "fleet's plugins of netfilter-persistent are gone: a boot would load rules without their sets, and nobody would notice if it failed. `fleet apply` puts them back.",
  'drift-disabled': () =>
    'netfilter-persistent is not enabled any more: a boot would load no rules. `fleet apply` enables it.',
  'drift-uninstalled': () =>
    'iptables-persistent or iptables itself is not installed there (any more): a boot would load no rules. `fleet apply` installs them.',
  'drift-unfinished': a =>
    `A change that nobody confirmed (run ${String(a.run)} of ${String(a.who)}) is on the host, and was not taken back. \`fleet resume\` or the next apply finishes it; \`fleet status\` says more.`,
  'drift-never-applied': () => 'fleet has confirmed no rules there yet.',
  'left-out-not-drifted': () =>
    'It would be changed, but it is as it was last confirmed, and --only-drifted leaves such hosts out.',
  'left-out-never-applied': () =>
    'It would be changed, but fleet has confirmed nothing there yet, and --only-drifted leaves such hosts out.',
  'locked-down': a =>
    `It is in lockdown${a.made === '' ? '' : `, since ${minute(String(a.made))}, by ${String(a.who)}`}: only SSH reaches it. Nothing is changed there until \`fleet lockdown --release -l ${String(a.host)}\`.`,
  'not-locked-down': () => 'It is in no lockdown: it stays as it is.',
  'lockdown-through-itself': a =>
    `fleet comes to this host from the host itself (${String(a.client)}): the lockdown would cut what leads there. Connect to it without the tunnel.`,
  'lockdown-alone': a =>
    `Only ${String(a.client)}, where fleet comes from, can reach it in its lockdown. If that address changes, only its console can: name others in fleet_management.`,
  'lockdown-too-wide': a =>
    `fleet_management names ${list(a.networks).join(', ')}, which is nearly everybody: the lockdown doesn't let that in.`,
  'lockdown-keeps': a =>
    `The host has ${rules(a.rules)} that fleet didn't make. What is there stays, behind the rules of the lockdown.`,
  'goes-back': a => `Goes from generation ${String(a.from)} back to what generation ${String(a.to)} said.`,
  'changed-since': a =>
    `It stands on generation ${String(a.now)}, which ${String(a.who)} made at ${String(a.made)}, after the rollback was asked for. \`fleet rollback --to GENERATION -l HOST\` goes back all the same.`,
  superseded: a =>
    `It stands on generation ${String(a.now)} by now, and generation ${String(a.from)} was to be taken back: somebody changed it since. \`fleet rollback --to GENERATION -l HOST\` goes back all the same.`,
  'generation-does-not-load': a =>
    `The generation does not load there any more; its own tools say: ${String(a.detail)}`,
  'lockout-in': a =>
    `The new rules would lock fleet out: a new connection from ${String(a.address)} to port ${String(a.port)}, where sshd listens, comes out as "${String(a.verdict)}". ${decided(a)} Accept it (ssh_from, ssh_port: sshd sees port ${String(a.port)}), or let the host go ahead and revert by itself with --accept-lockout-risk HOST.`,
  'lockout-out': a =>
    `The new rules would lock fleet out: the answers of sshd (port ${String(a.port)}) to ${String(a.address)} come out as "${String(a.verdict)}". ${decided(a)} Accept ESTABLISHED in OUTPUT, or let the host go ahead and revert by itself with --accept-lockout-risk HOST.`,
  'lockout-neighbours-in': a =>
    `The new rules would lock fleet out: it comes by IPv6 (${String(a.address)}), and neighbour discovery, without which no IPv6 address can be reached, comes in as "${String(a.verdict)}" (ICMPv6 type ${String(a.type)} from ${String(a.source)} to ${String(a.destination)}). ${decided(a)} ${acceptNeighbours('INPUT')}`,
  'lockout-neighbours-out': a =>
    `The new rules would lock fleet out: it comes by IPv6 (${String(a.address)}), and neighbour discovery, without which the host finds no way back, goes out as "${String(a.verdict)}" (ICMPv6 type ${String(a.type)} from ${String(a.source)} to ${String(a.destination)}). ${decided(a)} ${acceptNeighbours('OUTPUT')}`,
  'router-advertisements-dropped': a =>
    `fleet comes by IPv6 (${String(a.address)}), and router advertisements (ICMPv6 type 134) come in as "${String(a.verdict)}": where the host has its address or its way out from them, it loses those when they run out. ${decided(a)} Accept \`-p ipv6-icmp --icmpv6-type 134\` in INPUT; the role \`base\` does.`,
  'lockout-rate-limit': a =>
    `SSH from ${String(a.address)} to port ${String(a.port)} is accepted up to a rate limit: many logins in a short time can be turned away.`,
  'no-ssh-connection': () =>
    `The host doesn't say over which connection fleet came (SSH_CONNECTION is missing or unreadable), so fleet can't check that the new rules let it in again. Log in through OpenSSH's sshd, without a wrapper that clears the environment.`,
  'unknown-chains': a =>
    `The host's rules jump to ${list(a.chains).join(', ')}, which fleet didn't make and doesn't know. Name what is to stay in fleet_preserve, and what is to go in fleet_replace (group_vars or host_vars).`,
  'unmanaged-first': a =>
    `This would be fleet's first apply here, and the host has ${rules(a.rules)} that fleet didn't make. To let that go, say --replace-unmanaged; to keep it, write it into a role of this host first.`,
  'stale-rules': a =>
    `iptables-persistent isn't installed, and old rules lie in /etc/iptables (${list(a.files).join(', ')}), which its installation would load: without systemd nothing can hold it back. Move those files away.`,
  'boot-loads-other': a =>
    `What this host has live is not what it boots: until the new rules are confirmed, a boot loads ${list(a.files).length === 0 ? 'no rules at all' : `${list(a.files).join(' and ')} in /etc/iptables`}.`,
  'chain-taken': a =>
    `A role wants a chain that somebody else already made, with ${rules(a.rules)} of theirs. Rename the chain of the role; or let theirs go with --replace-unmanaged or fleet_replace.`,
  'unmanaged-replaced': a =>
    `The host has ${rules(a.rules)} that fleet didn't make. All of it goes, as --replace-unmanaged says.`,
  'unmanaged-kept': a =>
    `Since the last apply somebody added ${rules(a.rules)} to the host. That stays; write it into a role, or take it out with --replace-unmanaged.`,
  'both-backends': a =>
    `Both kinds of iptables hold rules on this host: iptables is ${String(a.here)}, and ${String(a.there)} has rules too, which fleet wouldn't see. Look at them with iptables-${String(a.there)}-save, and flush that kind or move its rules into a role.`,
  'native-nft': a =>
    `nft itself made rules in the tables of iptables, and iptables-save can't print them as they are: ${list(a.places).join(', ')}. fleet would take them for something else. See them with "nft -a list table ip filter" and the like; take them out (nft delete rule ... handle N), or give them a table of their own (nft add table inet NAME).`,
  'tables-asleep': a =>
    `nft has put tables of iptables to sleep (flags dormant): ${list(a.places).join(', ')}. iptables-save prints their rules, and none of them is in force. Wake them: ${list(
      a.places,
    )
      .map(place => `nft add table ${place}`)
      .join('; ')}.`,
  'other-manager': a =>
    `${String(a.manager)}${a.caller === undefined ? '' : `, which ${String(a.caller)} runs,`} manages or loads firewall rules on this host as well, and two masters undo each other. ${wayOut(String(a.manager), a.caller)}`,
  'host-lacks': a =>
    `The host has no ${list(a.tools).join(', ')}, which the guard needs to put old rules back. Install it there first.`,
  'host-apart': a => `${sayApart(a.what)} Nothing was changed.`,
  'host-busy': a =>
    `Another run is at work on this host: ${String(a.run) || 'an unnamed one'} of ${String(a.who) || 'somebody'}, since ${minute(String(a.since)) || 'an unknown time'}. Wait until it has ended (a change that nobody confirms ends by itself), and run this again.`,
  'candidate-does-not-load': a =>
    `${LOADED[String(a.part)] ?? 'The new rules'} don't load on this host${a.detail === '' ? '' : `; its own tools say: ${String(a.detail)}`}. Correct the role; nothing was changed.`,
  removal: a => {
    const files = list(a.files).map(name => `/etc/iptables/${name}`)
    if (list(a.loaded).length > 0)
      return `What stood before fleet comes back, in force and on disk: ${files.join(' and ')}. fleet's own files go; packages stay.`
    const where = files.length === 0 ? 'no file' : `${files.join(' and ')}, which no boot loaded`
    return `Before fleet no rules were loaded at boot (${where}): fleet's rules go, and nothing takes their place. fleet's own files go; packages stay.`
  },
  'removal-unblocks': () => 'What is blocked there is not blocked any more afterwards.',
  'blocks-behind': a =>
    `${BEHIND[String(a.why)] ?? ''} \`fleet apply\` and \`fleet blocks --repair\` put that right.`,
  'before-does-not-load': a =>
    `What stood before fleet (/etc/iptables/fleet/gen-000000) doesn't load on this host any more${a.detail === '' ? '' : `; its own tools say: ${String(a.detail)}`}. Nothing was changed.`,
} satisfies Sentences
