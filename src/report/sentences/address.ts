import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const WHY: Readonly<Record<string, string>> = {
  prefix: 'the prefix must be 0 to 32 for IPv4 (or a mask such as 255.255.255.0) and 0 to 128 for IPv6',
  families: 'a range has both its ends in one family',
  backwards: 'a range starts with its lower address',
  zone: 'a zone (%...) has no meaning in a rule; write the address alone',
  digits: 'an IPv4 address has four numbers from 0 to 255, without leading zeros',
  name: 'host names are not read here; write the address, or dns:NAME or host:NAME where a role takes sources',
  form: 'expected an address, a CIDR such as 192.0.2.0/24, or a range a-b',
}

export const addressSentences = {
  'address-invalid': (a: Args) => `"${String(a.text)}" is not an address: ${WHY[String(a.why)] ?? WHY.form}.`,
} satisfies Sentences
