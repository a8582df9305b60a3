import type { BlockAnswer } from '../host/block-answer.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { sayAddresses } from './block-words.ts'
import { say } from './say.ts'
import { hosts, plain } from './words.ts'

/** What one host said to a block that was only tried, or why it said nothing. */
export type Tried =
  | { readonly host: string; readonly answer: BlockAnswer }
  | { readonly host: string; readonly state: HostState; readonly finding: Finding }

/** 3 where a host couldn't be asked, or would leave something out. */
export const exitCodeOfDry = (tried: readonly Tried[]): 0 | 3 =>
  tried.every(one => 'answer' in one && one.answer.refused.length === 0) ? 0 : 3

export function printDry(tried: readonly Tried[]): string {
  const lines = tried.flatMap(sayTried)
  const hit = tried.filter(one => connectionsOf(one) > 0)
  const all = hit.reduce((sum, one) => sum + connectionsOf(one), 0)
  const asked = tried.filter(one => 'answer' in one).length
  const last =
    hit.length === 0
      ? asked === 0
        ? 'No host could be asked.'
        : `None of ${hosts(asked)} has a connection with it right now, as far as conntrack knows.`
      : `${hit.length} of ${hosts(asked)} ${hit.length === 1 ? 'has' : 'have'} ${all} live ${all === 1 ? 'connection' : 'connections'} that would be cut.`
  return plain(`${[...lines, `${last} Nothing was changed.`].join('\n')}\n`)
}

const connectionsOf = (one: Tried): number =>
  'answer' in one ? (one.answer.live ?? []).reduce((sum, { connections }) => sum + connections, 0) : 0

/** Addresses that a line names. */
const NAMED = 5

function sayTried(one: Tried): string[] {
  if (!('answer' in one)) return [`${one.host}: ${one.state}. ${say(one.finding)}`]
  const { live, refused } = one.answer
  const shown = (live ?? [])
    .slice(0, NAMED)
    .map(({ address, connections }) => `${connections} from ${address}`)
  const more = (live?.length ?? 0) - shown.length
  return [
    ...(live === undefined ? [`${one.host}: has no conntrack to count connections with.`] : []),
    ...(shown.length > 0
      ? [`${one.host}: ${shown.join(', ')}${more > 0 ? `, and from ${more} addresses more` : ''}.`]
      : []),
    ...(refused.length > 0 ? [`${one.host}: would leave out ${sayAddresses(refused.map(sayRefused))}.`] : []),
  ]
}

const sayRefused = ({ address, what, covers }: BlockAnswer['refused'][number]) =>
  `${address}, which covers ${covers} (${what})`
