import type { LabHost } from '../../src/lab/host.ts'
import type { Desk } from './program.ts'
import type { Rules } from './rules.ts'

/** Seconds that every tool has until it takes back what nobody confirmed. */
export const WINDOW = 10

/** One host, and somebody on the controller who works on it. */
export interface Place extends Desk {
  readonly host: LabHost
  /** By which the controller comes. */
  readonly address: string
}

/** How a tool ended. */
export interface Word {
  /** Its own words, short. */
  readonly said: string
  /** What that means for the host: the wanted rules are in force, or not, or it doesn't say. */
  readonly claims: 'new' | 'old' | 'nothing'
  /** All that it wrote. */
  readonly transcript: string
}

export interface Peer {
  /** The end of the names of its hosts. */
  readonly key: string
  readonly name: string
  /** What the command lines of those processes on the host hold that would take the change back. */
  readonly guard: string
  /** Brings to the host what has to be there before; on a host that nothing has happened to yet. */
  prepare?(place: Place, rules: Rules): Promise<void>
  /** Works as its documentation says for a host that is far away, to its end. */
  work(place: Place, rules: Rules): Promise<Word>
}

/** By a new connection. */
export async function isReachable({ lab, address }: Place): Promise<boolean> {
  const options = ['-o', 'ConnectTimeout=5']
  return (await lab.run(['ssh', ...options, ...lab.sshArguments(address), 'true'])).code === 0
}
