import type { Args } from '../../model/finding.ts'
import { sayApart } from '../apart.ts'
import type { Sentences } from './sentence.ts'

/** What a tool of the host said; nothing where it said nothing. */
const quoted = (said: Args[string] | undefined) =>
  said === undefined || said === null || said === ''
    ? '.'
    : `:\n  ${String(said).trim().replaceAll('\n', '\n  ')}`

/** What the host names, with blanks between. */
const named = (a: Args) => String(a.detail).trim().replaceAll(/\s+/g, ', ')

type Why = Readonly<Record<string, (a: Args) => string>>

const because = (table: Why, a: Args, otherwise: string) =>
  table[String(a.why)]?.(a) ?? `${otherwise} (${String(a.why) || 'it gives no reason'})${quoted(a.detail)}`

/** `gen-000041` */
const generation = (a: Args) => Number(String(a.detail).replace(/^gen-/, ''))

/** Whoever asked for the one before the last, where there is none, named no number. */
function sayMissing(a: Args): string {
  const number = generation(a)
  const has = Array.isArray(a.has) && a.has.length > 0 ? ` It has ${a.has.join(', ')}.` : ''
  return number === 0
    ? `The host has no generation before its own.${has} \`fleet remove\` goes back to what stood before fleet.`
    : `The host has no generation ${number}.${has} Say with --to to which one it is to go.`
}

const REFUSES: Why = {
  lacks: a => `The host has no ${named(a)}, which the guard needs. Install it there first.`,
  apart: a => `${sayApart(a.detail)} Nothing was changed.`,
  'systemd-run': a =>
    `The host's systemd won't start the guard, and without it nothing would put the old rules back. Nothing was changed. Look at \`systemctl status\` there${quoted(a.detail)}`,
  'no-guard': () =>
    "The guard didn't start on the host, and without it nothing would put the old rules back. Nothing was changed. Look for what ends background processes there.",
  'nonce-used': () =>
    'This very change was handed to the host before, and nothing is done twice. Run it again to make a new one.',
  damaged: a =>
    `A change that isn't finished is on the host, and its files can't be read any more (${String(a.detail)}), so fleet can't undo it. Look at \`iptables-save\` there, put the rules right by hand or boot the host, which loads what was last confirmed.`,
  'before-missing': a =>
    `What stood before fleet should be in ${String(a.detail)}, and isn't there or was never recorded, so fleet can't go back to it. Put the rules right by hand: copies of /etc/iptables/fleet/current/rules.v4 and rules.v6 in the place of the links in /etc/iptables keep what is in force.`,
  'before-damaged': a =>
    `What stood before fleet (${String(a.detail)}) isn't what fleet put there: its sums don't agree. Put those files right, or bring back the host's rules by hand.`,
  'not-removed': () => 'fleet is still on this host, or was handed something new meanwhile: its files stay.',
  'generation-missing': sayMissing,
  'generation-damaged': a =>
    `The files of generation ${generation(a)} aren't what was confirmed, so the host doesn't go back to it. Say another one with --to.`,
  'cannot-read-rules': a =>
    `The host's own iptables-save can't read its rules, so fleet can't either. Run iptables-save and ip6tables-save there; rules that nft made in the tables of iptables are a common cause ("nft -a list ruleset" shows them, "nft delete rule" takes them out)${quoted(a.detail)}`,
}

const PACKAGES_REFUSED: Why = {
  'still-lacks': a =>
    `The host's apt says that iptables and ipset are installed, and yet there is no ${named(a)}. Bring it back there first: apt-get install --reinstall iptables ipset`,
  lacks: a =>
    `iptables-persistent and ipset are missing on the host, and it has no ${String(a.detail)} to install them with. Install them there by hand.`,
  'would-remove': a =>
    `Installing iptables-persistent and ipset would remove ${named(a)} from the host. Nothing was installed. Take the conflict out there first: apt-get install iptables-persistent ipset`,
  'cannot-mask': a =>
    `Installing iptables-persistent would load old rules at once, outside of the guard, and that can't be prevented here (${String(a.detail)}). Move old files out of /etc/iptables, or install the package by hand.`,
}

const PACKAGES_FAILED: Why = {
  'not-installable': a =>
    `The host's apt can't install iptables-persistent and ipset. Check its sources and that it reaches them${quoted(a.detail)}`,
  debconf: a => `The host's debconf doesn't take the answers for iptables-persistent${quoted(a.detail)}`,
  locked: a =>
    `Another program uses apt on the host, and didn't let go of it in time. Nothing was installed. Wait until it is done, or give it longer with --apt-timeout SECONDS, and run this again${quoted(a.detail)}`,
  'too-slow': a =>
    `The host's apt was still at it when its time was over, and was ended: a source that doesn't answer, or a slow one. Check its sources, or give it longer with --apt-timeout SECONDS. Nothing was installed${quoted(a.detail)}`,
  'not-installed': a =>
    `The installation of iptables-persistent and ipset broke off on the host. Put right what it says there, and run this again${quoted(a.detail)}`,
}

/** `ADDRESS WHAT COVERED` */
const covering = (covers: Args[string] | undefined) =>
  (Array.isArray(covers) ? covers : []).map(line => {
    const [address, what, covered] = String(line).split(' ')
    return `${address} covers ${covered} (${COVERED[String(what)] ?? what})`
  })

const covered = (covers: Args[string] | undefined) =>
  (Array.isArray(covers) ? covers : []).map(line => {
    const [, what, address] = String(line).split(' ')
    return `${address} (${COVERED[String(what)] ?? what})`
  })

const some = (words: readonly string[]) =>
  words.length > 3 ? `${words.slice(0, 3).join('; ')}; and ${words.length - 3} more` : words.join('; ')

/** All that has to be said for it, once each: as it is to be typed. */
const exceptions = (covers: Args[string] | undefined) =>
  [
    ...new Set((Array.isArray(covers) ? covers : []).map(line => `--even-so ${String(line).split(' ')[2]}`)),
  ].join(' ')

const COVERED: Readonly<Record<string, string>> = {
  client: 'where this very connection comes from',
  own: 'an address of the host',
  gateway: 'its way out',
  resolver: 'its DNS resolver',
  reserved: 'no address of the internet',
  'too-wide': 'half of all addresses',
}

const BLOCK_REFUSED: Why = {
  lacks: a =>
    `The host has no ${named(a)}, without which nothing can be blocked there. Install it there first.`,
  protected: a =>
    `The host refuses to block itself or what it lives by, and blocks nothing new: ${some(covering(a.covers))}. If you want it: block it again with ${exceptions(a.covers)}`,
  'set-in-the-way': a =>
    `Somebody else's set on the host has a name that fleet's blocks need (${named(a)}), and is of another type or size. Nothing was changed. Look at it with \`ipset list ${named(a)}\` there, and rename it: ipset rename.`,
  apart: a => `${sayApart(a.detail)} Nothing is blocked.`,
  'systemd-run': a =>
    `The host's systemd won't start what takes a block back that cuts the host off. Nothing is blocked. Look at \`systemctl status\` there${quoted(a.detail)}`,
  'no-guard': () =>
    "What takes a block back that cuts the host off didn't start there. Nothing is blocked. Look for what ends background processes there.",
  'cannot-read-rules': a =>
    `The host's own iptables-save can't read its table raw, so whether a block stands can't be known. Run \`iptables-save -t raw\` and \`ip6tables-save -t raw\` there${quoted(a.detail)}`,
  'no-hook': () =>
    'Nothing on the host looks at what the feeds say: it has no block yet, or somebody took it out. Run it again.',
  order: () => 'What to block came to the host in pieces, and nothing was changed there. Run it again.',
}

const BLOCK_UNLOADABLE: Why = {
  sets: a =>
    `The host's ipset doesn't take the addresses, so the block doesn't stand there${quoted(a.detail)}`,
  hook: a =>
    `The host's iptables doesn't take the rules in its table raw, so the block doesn't stand there. A kernel without that table, or without xt_set, can't block before Docker and before what is connected${quoted(a.detail)}`,
  'cannot-read-rules': a =>
    `The host's iptables-save can't read its table raw, so the block doesn't stand there, or isn't known to${quoted(a.detail)}`,
}

export const hostSentences = {
  'host-answer-unreadable': a =>
    `The host's answer to "${String(a.verb)}" broke off or isn't fleet's (${a.code === null ? 'no exit code' : `exit code ${String(a.code)}`}). Look for a login script there that prints something or ends the shell${quoted(a.stderr)}`,
  'host-storage': a =>
    `The host can't store what the guard needs in ${String(a.place)}: no room, no inodes, or read-only, or a startup file of the login shell there reads what is meant for fleet. Nothing was changed. Look with \`df -h ${String(a.place)}; df -i ${String(a.place)}\` there.`,
  'host-unknown-nonce': () =>
    "The host doesn't know this change: it was booted since, or the change was never handed over.",
  'host-changed': a =>
    a.what === 'rolled-back'
      ? 'A change that nobody confirmed, and whose guard had died, was on the host: it has been rolled back now, and nothing else was done. Run it again to see the plan as it is now.'
      : a.what === 'boot'
        ? 'The host was booted after the plan was made, or another machine answers at its address now, so nothing was done. Run it again to see the plan as it is now.'
        : `The host's ${a.what === 'generation' ? 'saved generation' : 'rules'} changed after the plan was made, so nothing was done. Run it again to see the plan as it is now.`,
  'host-unloadable': a =>
    `The change doesn't load in the host's rehearsal, so nothing was done${quoted(a.detail)}`,
  'host-loses-rules': a =>
    `The host's own tools say that the rules load, and then ${a.family === 4 ? 'iptables-save' : 'ip6tables-save'} doesn't show them: \`${String(a.chain)}\` lacks some, or its policy. Nothing was changed. Look there for what stands in the place of ${a.family === 4 ? 'iptables-restore and iptables-save' : 'ip6tables-restore and ip6tables-save'}.`,
  'host-refuses': a => because(REFUSES, a, 'The host refuses, and nothing was changed there'),
  'packages-refused': a =>
    because(PACKAGES_REFUSED, a, 'iptables-persistent and ipset were not installed, and nothing was changed'),
  'packages-failed': a =>
    because(
      PACKAGES_FAILED,
      a,
      "Installing iptables-persistent and ipset failed, and the host's rules are as they were",
    ),
  'block-refused': a => because(BLOCK_REFUSED, a, 'The host refuses, and nothing was blocked there'),
  'feeds-refused': a =>
    `The host keeps the feeds as it had them, because those that came have what it is or lives by in them: ${covered(a.covers).join('; ')}. Put that into the feed's allow in fleet.yml.`,
  'block-unloadable': a => because(BLOCK_UNLOADABLE, a, "The block doesn't stand on the host"),
  'block-storage': a =>
    `The host can't write what a block needs in ${String(a.place)}: no room, or read-only. Look with \`df -h ${String(a.place)}; df -i ${String(a.place)}\` there.`,
  'block-busy': a =>
    a.by === 'xtables'
      ? "Somebody else holds the lock of iptables there (/run/xtables.lock), so the block doesn't stand. Look who does: `fuser -v /run/xtables.lock`."
      : 'Another block was at work on the host for 20 seconds, so this one was not begun. Run it again.',
  'block-taken-back': () =>
    'The block was in force on the host, and then nothing came through from here any more: it was taken out again. What it blocks must cover the way between here and the host.',
  'not-root': () =>
    'The user that fleet logs in as is not root there, and was not told to become root: add --become (or ansible_become=true), or log in as root.',
} satisfies Sentences
