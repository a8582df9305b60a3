import { type Spans, spansOf } from '../address/spans.ts'

/*
 * Networks that are nobody's on the internet (IANA's special-purpose registries): in a packet on a host they are its own
 * surroundings. A list that blocks them cuts hosts off from each other. The networks for documentation aren't here:
 * nobody's surroundings are made of them.
 */

/** Each as a whole, which is how lists of bogons name them. */
export const RESERVED_BLOCKS: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** All of IPv6 but what is given out, 2000::/3. */
const OUTSIDE = ['::/3', '4000::/2', '8000::/1']

export const RESERVED: Spans = spansOf([...RESERVED_BLOCKS, ...OUTSIDE])
