import { QUOTED } from '../marks.ts'
import type { Run } from '../run.ts'
import { readInterface } from '../values.ts'
import { sidesOf } from './addresses.ts'
import { badArgument, type Call, has, type Options, placeOf } from './call.ts'
import { limitOf } from './limit.ts'
import { type Protocol, protocolsOf } from './ports.ts'

type Target = (protocol: Protocol, call: Call) => readonly string[]

const TARGETS: Readonly<Record<string, Target>> = {
  accept: () => ['ACCEPT'],
  drop: () => ['DROP'],
  reject: ({ name }, { run }) => ['REJECT', '--reject-with', name === 'tcp' ? 'tcp-reset' : unreachable(run)],
  log: (_, call) => ['LOG', '--log-prefix', quote(textOf(call, 'prefix') ?? 'fleet: ')],
}

const unreachable = ({ family }: Run) => (family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')

/** `accept`, `drop`, `reject` and `log`: each call becomes as many rules as it has protocols and addresses. */
export const ruleHelpers = Object.fromEntries(
  Object.entries(TARGETS).map(([verb, target]) => [
    verb,
    (chain: string, options: Options) => {
      const { run } = options.data.fleet
      return writeRules({ verb, chain, values: options.hash, run, at: placeOf(options) }, target)
    },
  ]),
)

function writeRules(call: Call, target: Target): string {
  const protocols = protocolsOf(call)
  const to = sidesOf(call, 'to')
  const interfaces = [...interfaceOf(call, 'in', '-i'), ...interfaceOf(call, 'out', '-o')]
  const rest = [...limitOf(call), ...commentOf(call)]
  const rules = sidesOf(call, 'from').flatMap(from =>
    to.flatMap(to =>
      protocols.map(protocol =>
        [
          ['-A', call.chain],
          [from.option, to.option, interfaces, protocol.name === undefined ? [] : ['-p', protocol.name]],
          [protocol.matches, from.matches, to.matches, stateOf(call, protocol), rest],
          ['-j', target(protocol, call)],
        ].flat(2),
      ),
    ),
  )
  return rules.map(words => words.join(' ')).join('\n')
}

/** A port is opened to new connections; what follows is ESTABLISHED. */
const stateOf = ({ verb }: Call, { matches }: Protocol) =>
  verb === 'accept' && matches.length > 0 ? ['-m', 'conntrack', '--ctstate', 'NEW'] : []

function interfaceOf(call: Call, key: string, option: string): string[] {
  if (!has(call, key)) return []
  const name = readInterface(call.values[key])
  if (name === undefined) throw badArgument(call, key, 'an interface such as eth0, at most 15 characters')
  return [option, name]
}

function commentOf(call: Call): string[] {
  const comment = textOf(call, 'comment')
  return comment === undefined ? [] : ['-m', 'comment', '--comment', quote(comment)]
}

function textOf(call: Call, key: string): string | undefined {
  if (!has(call, key)) return undefined
  const value = call.values[key]
  if (typeof value === 'string' && value !== '' && QUOTED.test(value)) return value
  throw badArgument(call, key, 'a text of letters, digits, spaces and . _ : / @ = + , -')
}

/** As iptables-save writes it: without quotes where it needs none. */
const quote = (text: string) => (/^[\w-]+$/.test(text) ? text : `"${text}"`)
