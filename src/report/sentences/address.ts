import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const WHY: Readonly<Record<string, string>> = {
  prefix:
    'what follows the slash must be 0 to 32 for IPv4 (or a mask such as 255.255.255.0), 0 to 128 for IPv6.',
  families: 'a range has both its ends in one family.',
  backwards: 'a range starts with its lower address.',
  zone: 'a zone (%...) has no meaning on other machines; write the address alone.',
  digits: 'an IPv4 address has four numbers from 0 to 255, without leading zeros.',
  name: 'host names are not read here; write the address.',
  form: 'expected an address, a CIDR such as 192.0.2.0/24, or a range a-b.',
  port: 'a port stands elsewhere.',
  brackets: 'an address is written without brackets.',
  'range-end': 'both ends of a range are written in full.',
  url: 'an address stands alone, without what is around it in a URL.',
  short: 'an IPv4 address has four numbers.',
  long: 'an IPv4 address has four numbers, and this has more.',
}

/** Why a word is no address, and which one was meant. `own` are the words of whoever can say it better. */
export const sayMistake = ({ why, meant = null }: Args, own: Readonly<Record<string, string>> = {}): string =>
  `${own[String(why)] ?? WHY[String(why)] ?? own.form ?? WHY.form}${meant === null ? '' : ` Did you mean ${String(meant)}?`}`

/** Where roles and the inventory name addresses. */
const NAMED = {
  name: 'host names are not read here; write the address, or host:NAME or group:NAME where a role takes sources.',
}

export const addressSentences = {
  'address-invalid': (a: Args) => `"${String(a.text)}" is not an address: ${sayMistake(a, NAMED)}`,
  'list-page': () => 'This is a page, and no list.',
  'list-binary': () => 'This is no text.',
  'list-more': (a: Args) => `And ${String(a.more)} more like these. Nothing of the list is taken.`,
} satisfies Sentences
