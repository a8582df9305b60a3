import type { DecidingRule, Packet } from '../evaluate/packet.ts'
import { evaluate } from '../evaluate/walk.ts'
import type { Family, PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'

export interface SshConnection {
  readonly family: Family
  readonly client: string
  readonly clientPort: number
  readonly server: string
  readonly serverPort: number
  /** Where the controller's packets come in and the answers go out, as far as the host knows. */
  readonly interface?: string
  /** The router on the way to the controller; nobody where it is on the host's own link. */
  readonly gateway?: string
  /** The interface has one other end, or is the host itself: nobody asks there who has an address. */
  readonly isDirect?: boolean
}

/** `SSH_CONNECTION` as sshd set it; undefined if there is none to read. */
export function parseSshConnection(text: string): SshConnection | undefined {
  const match = /^(\S+) (\d+) (\S+) (\d+)$/.exec(text.trim())
  const [, client = '', clientPort, server = '', serverPort] = match ?? []
  if (!match) return undefined
  const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return {
    family: plain(client).includes(':') ? 6 : 4,
    client: plain(client),
    clientPort: Number(clientPort),
    server: plain(server),
    serverPort: Number(serverPort),
  }
}

export type Sets = ReadonlyMap<string, readonly string[]>

/**
 * Would the rules as they will be, foreign ones included, let a new connection of the controller's in and its
 * answers out? Findings: `lockout-in`, `lockout-out` (errors), `lockout-rate-limit` (note).
 */
export function checkLockout(
  after: PerFamily<Ruleset>,
  connection: SshConnection,
  sets: Sets,
): readonly Finding[] {
  const ruleset = after[connection.family]
  const syn = evaluate(ruleset, synOf(connection), { sets })
  const answer = evaluate(ruleset, answerOf(connection), { sets })
  const args = { address: connection.client, port: connection.serverPort }
  const findings: Finding[] = []
  if (syn.verdict === 'conditional') findings.push({ code: 'lockout-rate-limit', severity: 'note', args })
  else if (syn.verdict !== 'accept') findings.push(refusal('lockout-in', args, syn))
  if (answer.verdict !== 'accept' && answer.verdict !== 'conditional')
    findings.push(refusal('lockout-out', args, answer))
  return findings
}

export function refusal(code: string, args: Finding['args'], verdict: ReturnType<typeof evaluate>): Finding {
  const rule = verdict.rules.at(-1)
  const decided = rule ? sayDecider(rule) : ''
  return {
    code,
    severity: 'error',
    args: { ...args, verdict: verdict.verdict, rule: decided },
    ...(rule?.at ? { at: rule.at } : {}),
  }
}

/** A policy's text is `:CHAIN POLICY`. */
const sayDecider = ({ chain, text }: DecidingRule) =>
  text.startsWith(':') ? `-P ${text.slice(1)}` : `-A ${chain} ${text}`

const synOf = (c: SshConnection): Packet => ({
  family: c.family,
  hook: 'input',
  proto: 'tcp',
  source: c.client,
  destination: c.server,
  sport: c.clientPort,
  dport: c.serverPort,
  ctstate: 'NEW',
  ...(c.interface === undefined ? {} : { inInterface: c.interface }),
})

const answerOf = (c: SshConnection): Packet => ({
  family: c.family,
  hook: 'output',
  proto: 'tcp',
  source: c.server,
  destination: c.client,
  sport: c.serverPort,
  dport: c.clientPort,
  ctstate: 'ESTABLISHED',
  ...(c.interface === undefined ? {} : { outInterface: c.interface }),
})
