import { parseCidr } from 'cidr-tools'
import { familyOf } from '../address/network.ts'
import { ADVERTISEMENT, discovery, ROUTER_ADVERTISEMENT, SOLICITATION } from '../evaluate/discovery.ts'
import type { Packet, Verdict } from '../evaluate/packet.ts'
import { evaluate } from '../evaluate/walk.ts'
import type { Finding } from '../model/finding.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'
import { refusal, type Sets, type SshConnection } from './lockout.ts'

/**
 * Where the controller comes by IPv6, could it still find the host once nobody remembers who has which address? A new
 * connection doesn't show it: its packets go where the last ones went, until that entry has expired. Findings:
 * `lockout-neighbours-in`, `lockout-neighbours-out` (errors), `router-advertisements-dropped` (warning). IPv4 has ARP,
 * which iptables never sees.
 */
export function checkNeighbours(ruleset: Ruleset, connection: SshConnection, sets: Sets): readonly Finding[] {
  if (![connection.server, nextOf(connection)].every(isSix) || connection.isDirect) return []
  const judge = (packet: Packet) => ({ packet, verdict: evaluate(ruleset, packet, { sets }) })
  const lockouts = HOOKS.flatMap(hook => {
    const shut = talk(connection, hook)
      .map(judge)
      .find(({ verdict }) => !passes(verdict))
    return shut ? [refusal(CODES[hook], argsOf(connection, shut.packet), shut.verdict)] : []
  })
  const router = judge(routerSays(connection))
  if (passes(router.verdict) || router.verdict.verdict === 'unknown') return lockouts
  const warning = refusal('router-advertisements-dropped', argsOf(connection, router.packet), router.verdict)
  return [...lockouts, { ...warning, severity: 'warning' }]
}

const HOOKS = ['input', 'output'] as const
type Hook = (typeof HOOKS)[number]
const CODES = { input: 'lockout-neighbours-in', output: 'lockout-neighbours-out' } as const

/** Nobody asks so often that a rate would matter. */
const passes = ({ verdict }: Verdict) => verdict === 'accept' || verdict === 'conditional'

const argsOf = ({ client }: SshConnection, { icmpType = 0, source = '', destination = '' }: Packet) => ({
  address: client,
  type: icmpType,
  source,
  destination,
})

const isSix = (address: string) => familyOf(address) === 6

const LINK = 'fe80::'
const isOfLink = (address: string) => /^fe[89ab]/i.test(address)

/** Whom the host asks for on its link to reach the controller. */
const nextOf = ({ gateway, client }: SshConnection) => gateway ?? client

/**
 * Both sides ask and answer by the addresses that they talk with, and by those of their link: a question that no packet
 * waits for comes from these (ndisc_send_ns of Linux).
 */
function talk(connection: SshConnection, hook: Hook): Packet[] {
  const { server } = connection
  const next = nextOf(connection)
  const pairs = [
    { near: server, far: next },
    { near: `${LINK}1`, far: isOfLink(next) ? next : `${LINK}2` },
  ]
  const asked = groupOf(hook === 'input' ? server : next)
  return pairs.flatMap(({ near, far }) => {
    const [source, other] = hook === 'input' ? [far, near] : [near, far]
    return [
      { ...discovery(hook, SOLICITATION), source, destination: asked, ...through(connection, hook) },
      { ...discovery(hook, ADVERTISEMENT), source, destination: other, ...through(connection, hook) },
    ]
  })
}

const routerSays = (connection: SshConnection): Packet => ({
  ...discovery('input', ROUTER_ADVERTISEMENT),
  source: isOfLink(connection.gateway ?? '') ? (connection.gateway ?? '') : `${LINK}2`,
  destination: 'ff02::1',
  ...through(connection, 'input'),
})

function through({ interface: name }: SshConnection, hook: Hook): Partial<Packet> {
  if (name === undefined) return {}
  return hook === 'input' ? { inInterface: name } : { outInterface: name }
}

/** The multicast group that whoever looks for an address asks (RFC 4291, 2.7.1): its last 24 bits. */
function groupOf(address: string): string {
  const last = (parseCidr(address).start & 0xff_ffffn).toString(16).padStart(6, '0')
  return `ff02::1:ff${last.slice(0, 2)}:${last.slice(2)}`
}
