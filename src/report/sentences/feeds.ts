import type { Args } from '../../model/finding.ts'
import { minute } from '../words.ts'
import { sayMistake } from './address.ts'
import type { Sentences } from './sentence.ts'

const WHY: Readonly<Record<string, string>> = {
  status: 'the server answered',
  redirect: 'it is sent on to something that is not https',
  redirects: 'it is sent on again and again',
  size: 'it is longer than a feed may be, in bytes',
  time: 'it took longer than a feed may take, in seconds',
  connection: 'the connection failed',
  missing: 'the file cannot be read',
}

/** What whoever keeps a list can do about it is none of ours. */
const LINE = { name: 'names are not looked up.', form: 'one of them is all that a line has.' }

const counted = (number: unknown) => `${String(number)} ${number === 1 ? 'entry' : 'entries'}`

/** What stays as it is, and how somebody who knows better says so. */
const ALLOW = 'If it has to be there, put it in allow: it is taken out then.'

export const feedSentences = {
  'feed-line': (a: Args) =>
    `"${String(a.text)}" is no address, no CIDR and no range a-b: ${sayMistake(a, LINE)}`,
  'feed-empty': () => 'There is nothing on this list.',
  'feed-too-many': (a: Args) => `${counted(a.entries)} are more than maxEntries (${String(a.maxEntries)}).`,
  'feed-too-few': (a: Args) => `${counted(a.entries)}: less than minEntries (${String(a.minEntries)}).`,
  'feed-shrunk': (a: Args) =>
    `${counted(a.entries)}, where there were ${String(a.before)}: less than half is left. If that is right, say minEntries.`,
  'feed-too-wide': (a: Args) => `${String(a.text)} is more than anybody was ever given.`,
  'feed-half': () => 'All of it together is half the internet.',
  'feed-private': (a: Args) =>
    `${String(a.text)} is no address of the internet, but of somebody's own network. ${ALLOW}${a.isNetset ? '' : ' Lists that name all such networks have format: netset.'}`,
  'feed-own': (a: Args) => `${String(a.text)} covers ${String(a.address)} of ${String(a.name)}. ${ALLOW}`,
  'feed-kept': (a: Args) =>
    a.entries === null
      ? `The feed ${String(a.name)} is not taken, and there is no earlier list of it: nothing of it is blocked.`
      : `The feed ${String(a.name)} is not taken: its list of ${minute(String(a.since))} stays in force (${counted(a.entries)}).`,
  'feed-state': (a: Args) =>
    `What is to be remembered of feeds can't be written to ${String(a.file)} (${String(a.reason)}).`,
  'feed-covers': (a: Args) =>
    `The feed ${String(a.feed)} still blocks ${String(a.address)}. To let it in, put it into the allow of that feed in fleet.yml, then: fleet blocks --refresh`,
  'feed-unknown': (a: Args) =>
    `${String(a.word)} is no feed of fleet.yml${a.country ? ' with format: zone' : ''}.${a.nearest ? ` Did you mean ${String(a.nearest)}?` : ''}`,
  'feeds-none': () =>
    'fleet.yml names no feeds. To take away what hosts have of feeds that it named before, say feeds: {} there.',
  'feeds-held': (a: Args) =>
    `The host keeps the feeds that it has: there is no list of ${Array.isArray(a.feeds) ? a.feeds.join(', ') : ''} here, which somebody else may have sent it.`,
  'feeds-too-many': (a: Args) =>
    `${String(a.networks)} networks of one family come together here; a host has room for ${String(a.room)}.`,
  'feed-fetch': (a: Args) =>
    `The feed ${String(a.name)} can't be fetched: ${WHY[String(a.why)] ?? String(a.why)}${a.detail ? ` (${String(a.detail)})` : ''}.`,
} satisfies Sentences
