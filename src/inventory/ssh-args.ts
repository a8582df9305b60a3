import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'
import { splitWords } from './shell-words.ts'
import { readText } from './variable.ts'

/** What fleet takes from `ansible_ssh_common_args`. */
export interface SshArguments {
  readonly knownHostsFiles?: readonly string[]
  readonly hostKeyChecking?: Connection['hostKeyChecking']
  readonly findings: readonly Finding[]
}

const NAME = 'ansible_ssh_common_args'
/** Options of ssh that take a value as the next word. */
const WITH_VALUE = /^-[BbcDEeFIiJLlmOopQRSWw]$/
const CHECKING: Readonly<Record<string, Connection['hostKeyChecking']>> = {
  yes: 'strict',
  ask: 'strict',
  'accept-new': 'accept-new',
  no: 'off',
  off: 'off',
}

/**
 * Reads `-o UserKnownHostsFile` and `-o StrictHostKeyChecking`; any other is a warning that names it.
 * A bastion (`-J`, `ProxyJump`, `ProxyCommand`) is the error `bastion-not-yet`: without it the host is out of reach.
 */
export function readSshArguments(host: Host): SshArguments {
  const text = readText(host, [NAME])
  const at = host.variables.get(NAME)?.at
  if (text === undefined || at === undefined) return { findings: [] }
  const split = splitWords(text, false)
  if ('why' in split) throw new FleetError('inventory-unbalanced', { text, why: split.why }, { at })
  let result: SshArguments = { findings: [] }
  for (const option of joinOptions(split.words)) {
    result = { ...result, ...readOption(option, result, host, at) }
  }
  return result
}

/** Each option with its value, the `-o` taken off: `-o A=b`, `-oA=b`, `-o "A b"`, `-J x`. */
function joinOptions(words: readonly string[]): string[] {
  const options: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const whole = WITH_VALUE.test(word) ? `${word} ${words[++index] ?? ''}` : word
    options.push(whole)
  }
  return options
}

function readOption(option: string, before: SshArguments, host: Host, at: Place): Partial<SshArguments> {
  const [, keyword = '', value = ''] = /^-o\s*([A-Za-z]+)[\s=]+(.*)$/.exec(option) ?? []
  const key = keyword.toLowerCase()
  const bastion = option.startsWith('-J') || /^proxy(jump|command)$/.test(key)
  if (bastion && value !== 'none')
    throw new FleetError('bastion-not-yet', { host: host.name, text: option }, { at })
  if (bastion) return {}
  // As in OpenSSH, the first one counts.
  if (key === 'userknownhostsfile')
    return before.knownHostsFiles ? {} : { knownHostsFiles: value.split(/\s+/) }
  const checking = CHECKING[value.toLowerCase()]
  if (key === 'stricthostkeychecking' && checking)
    return before.hostKeyChecking ? {} : { hostKeyChecking: checking }
  const finding: Finding = {
    code: 'ssh-argument-ignored',
    severity: 'warning',
    args: { name: NAME, text: option },
    at,
  }
  return { findings: [...before.findings, finding] }
}
