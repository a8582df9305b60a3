import { fileURLToPath } from 'node:url'
import type { BareJob } from './bare.ts'
import { bareHosts, FLEET, type Ground } from './ground.ts'

const BARE = fileURLToPath(new URL('bare.js', import.meta.url))

/** One that takes part: what is run in a round. The round's rules are the ones that its number says. */
export interface Contestant {
  readonly name: string
  command(ground: Ground, round: number): readonly string[]
  /** Ends what it leaves behind on the controller. */
  clean?(ground: Ground): Promise<void>
  /** It leaves other rules behind than those that fleet last made permanent. */
  readonly disturbs?: boolean
}

/** A variable that every host's rules hang on, with another value in each round. */
const change = (round: number) => JSON.stringify({ http_ports: [80, 443, 8000 + round] })

export const fleetApply = (round: number): readonly string[] => [
  process.execPath,
  FLEET,
  'apply',
  'inventory.ini',
  '-e',
  change(round),
]

/** In their order: each after the first meets the rules that the first has made. */
export const CONTESTANTS = {
  changed: { name: 'fleet apply, a change', command: (_, round) => fleetApply(round) },
  unchanged: { name: 'fleet apply, no change', command: (_, round) => fleetApply(round) },
  bareTwo: { name: 'bare ssh2, two connections', command: bare('two', [['restore'], ['save']]) },
  bareOne: { name: 'bare ssh2, one connection', command: bare('one', [['restore', 'save']]) },
  /** What SSH itself costs the hosts. */
  bareTrue: { name: 'bare ssh2, twice `true`', command: bare('true', [['true'], ['true']]) },
} satisfies Record<string, Contestant>

function bare(name: string, connections: BareJob['connections']): Contestant['command'] {
  return ground => {
    const job: BareJob = { keyFile: ground.lab.keyFile, connections, hosts: bareHosts(ground) }
    const file = ground.write(`bare-${name}.json`, JSON.stringify(job))
    return [process.execPath, BARE, file]
  }
}
