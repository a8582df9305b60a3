import type { Generation, Observation } from '../../../src/host/observation.ts'
import type { Question } from '../../../src/plan/question.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

/* A host as it was confirmed, asked for just that; and what of it may be otherwise. */

export const SSH = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
export const WEB = '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT'
export const OWN = '-A INPUT -j own'
export const save = (
  rules: readonly string[],
  policy = 'DROP',
  chains: readonly string[] = [':own - [0:0]'],
) =>
  ['*filter', `:INPUT ${policy} [0:0]`, ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ...chains]
    .concat(rules, 'COMMIT', '')
    .join('\n')
export const CONFIRMED = [SSH, WEB, OWN, '-A own -s 192.0.2.0/24 -j DROP']
export const both = <T>(one: T) => ({ 4: one, 6: one })
export const ORIGIN = { who: 'me@here', made: '2026-01-02T03:04:05.000Z', run: 'r1' }

export const generation = (more: Partial<Generation> = {}): Generation => ({
  number: 4,
  newest: 4,
  nonce: '',
  origin: ORIGIN,
  whole: true,
  linked: true,
  plugins: true,
  enabled: true,
  rules: both(save(CONFIRMED)),
  ipsets: '',
  ...more,
})

export const look = (more: Partial<Observation> = {}): Observation => ({
  bootId: 'boot',
  up: 0,
  sshConnection: '10.0.0.1 40000 10.0.0.2 22',
  interface: 'eth0',
  init: 'systemd',
  os: 'debian',
  release: '12',
  iptables: 'iptables v1.8.9 (nf_tables)',
  ipv6: true,
  lacks: [],
  persistent: true,
  rulesFiles: [],
  boots: both(''),
  managers: [],
  live: both(save(CONFIRMED)),
  other: both(''),
  asleep: [],
  members: new Map(),
  natives: [],
  sets: [],
  sockets: [],
  generation: generation(),
  canonical: both(save(CONFIRMED)),
  asConfirmed: false,
  loadErrors: new Map(),
  guard: undefined,
  arming: false,
  ...more,
})

export const ask = (
  seen: Partial<Observation> = {},
  rendered = CONFIRMED,
  preserve: string[] = [],
): Question => {
  const text = save(rendered)
  return {
    host: 'web1',
    groups: ['web'],
    roles: ['base'],
    onlyBase: true,
    rulesets: { 4: parseSave(text, 4), 6: parseSave(text, 6) },
    sets: [],
    candidateHash: 'one',
    seen: look({ canonical: both(text), ...seen }),
    preserve,
    replace: [],
    replaceUnmanaged: false,
    acceptLockoutRisk: false,
    isShipped: Boolean,
  }
}

/** Of IPv4 alone, so that each line is there once. */
export const live4 = (text: string): Partial<Observation> => ({ live: { 4: text, 6: save(CONFIRMED) } })
export const disk = (more: Partial<Generation>): Partial<Observation> => ({ generation: generation(more) })
export const guard = (state: string, alive: boolean): Partial<Observation> => ({
  guard: { nonce: 'n', run: 'r2', who: 'you', since: 's', state, alive },
})
