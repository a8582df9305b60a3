import type { Pieces } from '../../src/host/pieces.ts'

/** The pieces of an answer, as the host program prints them; `MARK` stands for the marker. */
const piece = (name: string, text = '') => `@@MARK ${name}\n${text}`
const facts = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
const END = piece('end')

const SOCKETS = `tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=612,fd=3))
tcp   LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:(("nginx",pid=801,fd=6))
tcp   LISTEN 0      511          0.0.0.0:443       0.0.0.0:*    users:(("nginx",pid=801,fd=7))
`

/** What kind of host it is: the rules that are asked for, and those that it has until then. */
export interface Kind {
  readonly wanted: Rules
  readonly had: Rules
}

interface Rules {
  readonly 4: string
  readonly 6: string
}

/** The rules of a kind, from what is asked of its first host; it has those with another port. */
export function kindOf(asked: Pieces): Kind {
  const wanted = { 4: asked.get('cand.4') ?? '', 6: asked.get('cand.6') ?? '' }
  const before = (text: string) => text.replaceAll(/\b9\d{3}\b/g, '8000')
  return { wanted, had: { 4: before(wanted[4]), 6: before(wanted[6]) } }
}

export interface Seen {
  readonly kind: Kind
  readonly bootId: string
  readonly address: string
  readonly generation: number
  readonly isDone: boolean
}

/** What `observe` answers. */
export function observation({ kind, bootId, address, generation, isDone }: Seen): string {
  const { wanted, had } = kind
  const live = isDone ? wanted : had
  const about = {
    boot_id: bootId,
    ssh_connection: `10.90.0.1 40000 ${address} 22`,
    uptime_cs: 8_640_000,
    init_cs: 100,
    init: 'systemd',
    os: 'debian',
    release: 12,
    iptables: 'iptables v1.8.9 (nf_tables)',
    persistent: 'yes',
    has: 'rules.v4',
    interface: 'eth0',
  }
  const stored = { number: generation, whole: 'yes', linked: 'yes', plugins: 'yes', enabled: 'yes' }
  return [
    piece('facts', facts(about)),
    piece('live.4', counted(live[4], generation)),
    piece('live.6', counted(live[6], generation)),
    piece('other.4'),
    piece('other.6'),
    piece('nft', 'table ip filter\ntable ip6 filter\n'),
    piece('sets'),
    piece('members'),
    piece('sockets', SOCKETS),
    piece('generation', facts(stored)),
    piece('current.rules.v4', live[4]),
    piece('current.rules.v6', live[6]),
    piece('current.ipsets'),
    piece('current.meta.json'),
    ...(isDone
      ? [piece('confirmed-as-is')]
      : [piece('native'), piece('canon.4', wanted[4]), piece('canon.6', wanted[6])]),
    piece('guard'),
    END,
  ].join('')
}

/** Chains count packets, on each host others. */
const counted = (save: string, by: number) => save.replaceAll(/ \[0:0\]$/gm, ` [${by * 7}:${by * 900}]`)

export const armed = (load: number): string =>
  piece('armed', facts({ load_cs: load / 10, uptime_cs: 8_640_000 })) + END

export const applied = (bootId: string, age: number, left: number): string =>
  piece('state', facts({ state: 'APPLIED-0-0', boot_id: bootId, age_ms: age, left_ms: left })) + END

export const persisted = (generation: number): string => piece('persisted', facts({ generation })) + END
