import type { Args } from '../../model/finding.ts'
import { sayMistake } from './address.ts'
import type { Sentences } from './sentence.ts'

const list = (value: Args[string] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : String(value ?? '')

/** What only a command can say. */
const WHY: Readonly<Record<string, string>> = {
  name: 'it is neither an address nor a file here. Names are not looked up: an attacker chooses what they lead to.',
  form: 'expected an address, a network such as 203.0.113.0/24, a range 192.0.2.5-192.0.2.99, a file, or - for standard input.',
  port: 'a block has no port, it keeps an address out of all of them.',
}

const FOR: Readonly<Record<string, string>> = {
  unit: 'say a unit as well, such as 90m, 24h or 7d.',
  form: 'expected 90s, 30m, 24h, 1d12h or 2w. Without --for and --until it is for ever.',
  long: 'that is more than a hundred years. Leave --for out to block for ever.',
}

const UNTIL: Readonly<Record<string, string>> = {
  form: 'expected 2026-11-23, "2026-11-23 18:20", 2026-11-23T18:20:00Z, or 18:20 for the next one.',
  day: 'there is no such day or hour.',
  past: 'that is over already.',
  far: 'that is more than a hundred years away. Leave --until out to block for ever.',
}

const whose = (a: Args): string => {
  const name = String(a.name)
  switch (String(a.what)) {
    case 'host':
      return `${name}, a host of the inventory (${String(a.covers)})`
    case 'management':
      return `${String(a.covers)}, fleet_management of ${name}`
    case 'controller':
      return `${String(a.covers)}, an address of this machine`
    case 'operator':
      return `${String(a.covers)}, where you are logged in here from`
    default:
      return `${String(a.covers)} (${String(a.what)}), which every host lives by`
  }
}

/** What a host says that a block would have covered there. */
const THERE: Readonly<Record<string, string>> = {
  client: 'the address that you come from, as the host sees it',
  own: 'an address of the host itself',
  gateway: "the host's gateway",
  resolver: "the host's resolver",
}

const PERSIST: Readonly<Record<string, string>> = {
  packages: 'it lacks iptables-persistent, and it was not installed.',
  'stale-rules':
    'it has rules files in /etc/iptables that no boot has loaded so far, and fleet begins no such thing at a time like this. Look at them, then `systemctl enable netfilter-persistent` there.',
  masked: 'netfilter-persistent is masked there: `systemctl unmask netfilter-persistent`.',
  storage: "its disk is full or can't be written: make room.",
  'not-enabled':
    'netfilter-persistent could not be enabled there: see what `systemctl enable netfilter-persistent` says, or `update-rc.d netfilter-persistent enable` without systemd.',
  timer: 'fleet-block.timer could not be made or enabled there: see `systemctl status fleet-block.timer`.',
  rehearsal: 'a rehearsal of its boot did not show the block.',
}

const persisting = (why: Args[string] | undefined) =>
  PERSIST[String(why)] ?? (why === '' ? 'what makes it last was not finished.' : `${String(why)}.`)

export const blockSentences = {
  'block-address': a => `"${String(a.text)}" is not an address: ${sayMistake(a, WHY)}`,
  'block-list-empty': () =>
    'There is no address in it. Expected one a line; what follows # or ; is a comment.',
  'block-list-unreadable': a => `The list can't be read: ${String(a.reason)}.`,
  'block-no-address': a =>
    `Which address? For example: fleet ${String(a.command)} 203.0.113.9${a.command === 'block' ? ' --for 24h' : ''}`,
  'block-both': a => `--for ${String(a.for)} and --until ${String(a.until)}: say one of them.`,
  'block-for': a => `--for ${String(a.text)}: ${FOR[String(a.why)] ?? FOR.form}`,
  'block-until': a => `--until ${String(a.text)}: ${UNTIL[String(a.why)] ?? UNTIL.form}`,
  'block-give-up': a =>
    `--give-up-after ${String(a.text)}: expected 30s, 5m or 1h, or 0 to try each host once.`,
  'block-protected': a =>
    `${String(a.address)} would block ${whose(a)}. Nothing was blocked. Block around it, or say that you want it: --even-so ${String(a.even)}`,
  'block-protected-more': a => `And ${String(a.more)} more like these.`,
  'block-too-wide': a =>
    a.address === null
      ? `All of these together are half of the IPv${String(a.family)} internet or more. Nothing was blocked. Look for a wrong prefix, or say that you want it: --even-so ${String(a.even)}`
      : `${String(a.address)} is half of the internet or more. Nothing was blocked. Correct the prefix, or say that you want it: --even-so ${String(a.even)}`,
  'block-unresolved': a =>
    `${list(a.names)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''} had no address within 2 s, so whether the block covers them wasn't checked here. Each host still refuses what covers itself.`,
  'block-not-begun': () =>
    "Nothing was done there: the hosts that went ahead showed that this block would lock somebody out. If that can't be, something is wrong with them, or somebody keeps you out of them: say it again without them, with -l 'all,!HOST'.",
  'block-stopped': () =>
    'Nothing was done there: the command was stopped before. `fleet blocks --repair` catches it up.',
  'block-locked-out': a =>
    `It blocked, and then a fresh login failed (${String(a.reason)}): what a login there needs must be among the addresses, such as a directory server, or somebody keeps you out of this host. ${a.undone ? 'It was lifted there again, over the connection that was still open.' : 'It could not be lifted there: look whether the host still lets you in; docs/blocking.md has the words for its console.'}`,
  'block-not-standing': a =>
    `It said that it blocks, and a second look found that it doesn't (${a.hook === 'stands' ? 'sets' : `hook ${String(a.hook)}`}): something else there changes the firewall. Look for it, then \`fleet blocks --repair\`.`,
  'block-host-refuses': a =>
    `It leaves out ${String(a.address)}, which covers ${String(a.covers)}, ${THERE[String(a.what)] ?? `which is ${String(a.what)}`}${Number(a.more) > 0 ? `; and ${String(a.more)} more` : ''}. All else is blocked there${a.persist === null ? '' : `, and after a reboot it would not be: ${persisting(a.persist)} Then \`fleet blocks --repair\``}. If you want it: block it again with --even-so ${String(a.covers)}`,
  'block-left-out': a =>
    `What this command says is in force. What was said earlier of ${String(a.address)} isn't, since it covers ${String(a.covers)}, ${THERE[String(a.what)] ?? `which is ${String(a.what)}`}${Number(a.more) > 0 ? `; and ${String(a.more)} more` : ''}. Unblock it; or if you want it, block it again with --even-so ${String(a.covers)}`,
  'block-not-persisted': a =>
    `It blocks now, and after a reboot it would not: ${persisting(a.why)} Then \`fleet blocks --repair\`.`,
  'block-clock': a =>
    `Its clock is ${String(Math.abs(Number(a.skew)))} s ${Number(a.skew) > 0 ? 'ahead of' : 'behind'} this machine's. The block ends in time all the same; after a reboot, or once the clock is set right, it may be off by as much. Set the clock of one of them.`,
  'block-too-many': a =>
    `With what is blocked already that would be ${String(a.networks)} networks of one family, and a host has room for ${String(a.room)}. Nothing was blocked. Block the networks that the addresses are in, or look at the list.`,
  'block-covers': a =>
    `${String(a.address)} is blocked and covers ${whose(a)}. Unblock it and block around that; or if you want it, block it again with --even-so ${String(a.even)}`,
  'block-exempt': a =>
    `${String(a.client)}, where hosts see you come from, still gets through, although ${list(a.addresses)} covers it: fleet doesn't shut itself out. The next word that comes from another address ends that.`,
  'block-not-killed': a =>
    `${list(a.hosts)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''}: there is no conntrack to delete connections with (apt-get install conntrack). Their packets are dropped all the same, and they end by themselves.`,
  'block-own-clock': a =>
    `All hosts find this machine's clock ${String(Math.abs(Number(a.skew)))} s ${Number(a.skew) > 0 ? 'ahead' : 'behind'}: it is this one that is wrong. What was said here ends in time on the hosts, and the ledger says another. What others said stands. Set this clock, and say it again.`,
  'block-later': a =>
    `It has heard later than this ledger says what is to be of ${list(a.addresses)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''}, from another copy of the ledger, and goes by that. Merge the copies; or say it again: fleet block ADDRESS, or fleet unblock ADDRESS.`,
  'block-rejected': a =>
    `${list(a.addresses)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''}: lifted in the ledger again, since hosts refuse it as said below. Otherwise the next block from another address would bring it in force.`,
  'block-excepted': a =>
    `${list(a.hosts)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''} say${Array.isArray(a.hosts) && a.hosts.length === 1 ? 's' : ''} that you come from within ${String(a.address)}, and all others don't: it is blocked on those, and the ledger says so. If you don't come from there, somebody else may speak for that host.`,
  'block-unknown': a =>
    `It also blocks ${list(a.addresses)}${Number(a.more) > 0 ? ` and ${String(a.more)} more` : ''}, which this ledger doesn't know: from another inventory, or a ledger that is lost. To lift one: fleet unblock ADDRESS --even-so ADDRESS`,
  'block-limit': a =>
    `The limit ${String(a.limit)} of ${String(a.address)} means no host of this inventory, so no host gets it. Correct it, or remove the entry.`,
  'unblock-unknown': a =>
    `${String(a.address)} isn't blocked by itself.${list(a.covering) === '' ? '' : ` It is covered by ${list(a.covering)}: unblock that.`}${list(a.inside) === '' ? '' : ` Blocked of it: ${list(a.inside)}. Unblock each.`}${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`} \`fleet blocks\` lists what is. If a host blocks it all the same: --even-so ${String(a.address)}`,
  'unblock-more': a => `And ${String(a.more)} more like these.`,
  'unblock-other-reason': a =>
    `${String(a.address)} isn't blocked for the reason "${String(a.reason)}" but ${Array.isArray(a.reasons) ? a.reasons.map(one => (one === '' ? 'without one' : `for "${String(one)}"`)).join(' and ') : ''}: it stays blocked. Leave --reason out to lift it all the same.`,
  'unblock-no-reason': a =>
    `Nothing is blocked for the reason "${String(a.reason)}".${a.nearest === null ? '' : ` Did you mean "${String(a.nearest)}"?`} \`fleet blocks\` lists the reasons.`,
  'unblock-elsewhere': a =>
    `${String(a.address)} isn't blocked with --limit ${String(a.limit)}; it is ${list(a.limits)}. Say the same, or leave --limit out to lift it everywhere.`,
  'blocks-untold': () =>
    'What was blocked meanwhile was not told to the hosts that were in flight, since the ledger (or a feed) can not be read. Mend that, then `fleet blocks --repair`.',
  'ledger-unreadable': a => `The ledger of blocks can't be read: ${String(a.reason)}. Nobody was contacted.`,
  'ledger-unwritable': a =>
    `The ledger of blocks can't be written: ${String(a.reason)}. Nobody was contacted. Make room, or make its folder writable, or run fleet as its owner. If none of that can be done now, copy the inventory's folder to where there is room, such as /dev/shm, and say it again with -i there.`,
  'ledger-busy': a =>
    `Other fleet commands have held the ledger for a minute. Nobody was contacted. See what they do; if there are none, remove ${String(a.lock)}.`,
  'ledger-conflict': () =>
    'The ledger has the marks of a git merge. Nobody was contacted. Keep the entries of both sides: remove only the lines that begin with <<<<<<<, ======= and >>>>>>>. Where an address is there twice the later word holds.',
  'ledger-yaml': a =>
    `The ledger isn't YAML: ${String(a.message)}. Nobody was contacted. Correct it, or get it from git.`,
  'ledger-form': () =>
    'The ledger is a list of entries, each beginning with `- address: ADDRESS`. Nobody was contacted. Correct it, or get it from git.',
  'ledger-field': a =>
    `An entry of the ledger has a field ${String(a.name)}, which fleet doesn't know.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`} Nobody was contacted.`,
  'ledger-value': a =>
    `${String(a.name)} of an entry is "${String(a.value)}". Expected ${String(a.expected)}. Nobody was contacted.`,
  'ledger-missing': a =>
    `An entry of the ledger has no ${String(a.name)}. Expected ${String(a.expected)}. Nobody was contacted.`,
} satisfies Sentences
