import type { Family, PerFamily } from '../../src/model/family.ts'

/** What a tool is given: a file for each family, as iptables-restore reads it. */
export type Rules = PerFamily<string>

interface Shape {
  readonly policies?: string
  /** Ports that are open to everybody. */
  readonly ports: readonly number[]
  /** Connections that are known already go on. */
  readonly established?: boolean
  /** What stands before all else. */
  readonly first?: readonly string[]
  /** What stands after the rules. */
  readonly more?: readonly string[]
}

const PING: PerFamily<string> = { 4: 'icmp', 6: 'ipv6-icmp' }

function write(
  family: Family,
  { policies = 'DROP DROP ACCEPT', ports, established = true, first = [], more = [] }: Shape,
) {
  const [input, forward, output] = policies.split(' ')
  return [
    '*filter',
    `:INPUT ${input} [0:0]`,
    `:FORWARD ${forward} [0:0]`,
    `:OUTPUT ${output} [0:0]`,
    ...first.map(rule => `-A INPUT ${rule}`),
    '-A INPUT -i lo -j ACCEPT',
    ...(established ? ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'] : []),
    ...(established ? [`-A INPUT -p ${PING[family]} -j ACCEPT`] : []),
    ...ports.map(port => `-A INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`),
    ...more,
    'COMMIT',
    '',
  ].join('\n')
}

const both = (shape: Shape): Rules => ({ 4: write(4, shape), 6: write(6, shape) })

export const OLD = both({ ports: [22, 443] })
export const NEW = both({ ports: [22, 8443] })
/** What a second one wants who comes in the window of the first. */
export const OTHER = both({ ports: [22, 9443] })
export const NOTHING: Rules = { 4: '', 6: '' }

export const INPUT_DROP = both({ ports: [], established: false })
export const NEW_DROP = both({ ports: [8443] })
export const OUTPUT_DROP = both({ policies: 'DROP DROP DROP', ports: [22, 8443] })
export const SIX_DROP: Rules = { 4: NEW[4], 6: NEW_DROP[6] }

const SSH = '-p tcp -m tcp --dport 22'
export const REJECT = both({ ports: [8443], more: ['-A INPUT -j REJECT'] })
export const CLOSED = both({ ports: [22, 8443], first: [`${SSH} -j DROP`] })
/** One new connection gets in, whoever's it is. */
export const LIMIT = both({
  ports: [22, 8443],
  first: [
    `${SSH} -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode dstport --hashlimit-name once -j DROP`,
  ],
})
/** What a tool sees that only looks at the table filter is fine. */
const EARLY = `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING ${SSH} -j DROP\nCOMMIT\n`
export const RAW_DROP: Rules = { 4: NEW[4] + EARLY, 6: NEW[6] + EARLY }

/** REDIRECT where the kernel doesn't have it. The words are right, and `iptables-restore --test` is content on nft. */
const REDIRECT = '-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080'
export const BAD_TABLE: Rules = {
  4: `${NEW[4]}*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING ${REDIRECT}\nCOMMIT\n`,
  6: NEW[6],
}
export const BAD_FAMILY: Rules = {
  4: NEW[4],
  6: write(6, { ports: [22, 8443], more: [`-A INPUT ${REDIRECT}`] }),
}
