import { ADVERTISEMENT, discovery, SOLICITATION } from '../../evaluate/discovery.ts'
import type { Packet } from '../../evaluate/packet.ts'
import { evaluate } from '../../evaluate/walk.ts'
import { FAMILIES, type Family } from '../../model/family.ts'
import type { Finding } from '../../model/finding.ts'
import type { Subject } from '../subject.ts'

const WAYS = ['input', 'output'] as const
const THROUGH = { input: { inInterface: 'eth0' }, output: { outInterface: 'eth0' } } as const

function isClosed({ rulesets, sets }: Subject, packet: Packet): boolean {
  const { verdict } = evaluate(rulesets[packet.family], packet, { sets })
  return verdict === 'drop' || verdict === 'reject'
}

/** Of a connection that this host opened. */
const ANSWER = { proto: 'tcp', sport: 443, dport: 50_000, ctstate: 'ESTABLISHED' } as const

/** `established-dropped`: under a DROP policy nothing lets the answers of open connections pass. */
export function findDroppedAnswers(subject: Subject): Finding[] {
  return FAMILIES.flatMap(family =>
    WAYS.filter(hook => {
      const chain = subject.rulesets[family].tables.get('filter')?.get(hook.toUpperCase())
      const answer: Packet = { ...ANSWER, family, hook, ...THROUGH[hook] }
      return chain?.policy === 'DROP' && isClosed(subject, answer)
    }).map(hook => about('established-dropped', family, { chain: hook.toUpperCase() })),
  )
}

/** `neighbour-discovery-dropped`: without it IPv6 doesn't work at all. */
export function findDroppedNeighbours(subject: Subject): Finding[] {
  const dropped = WAYS.filter(hook =>
    [SOLICITATION, ADVERTISEMENT].some(icmpType =>
      isClosed(subject, { ...discovery(hook, icmpType), ...THROUGH[hook] }),
    ),
  )
  return dropped.map(hook => about('neighbour-discovery-dropped', 6, { chain: hook.toUpperCase() }))
}

/** `family-open`: one family is closed to strangers, and the other lets them in. */
export function findOpenFamily(subject: Subject): Finding[] {
  const stranger = (family: Family): Packet => ({
    family,
    hook: 'input',
    proto: 'tcp',
    dport: 1,
    ctstate: 'NEW',
    ...THROUGH.input,
  })
  const verdicts = FAMILIES.map(family => ({
    family,
    verdict: evaluate(subject.rulesets[family], stranger(family), { sets: subject.sets }).verdict,
  }))
  if (!verdicts.some(({ verdict }) => verdict === 'drop' || verdict === 'reject')) return []
  return verdicts
    .filter(({ verdict }) => verdict === 'accept')
    .map(({ family }) => about('family-open', family))
}

function about(code: string, family: Family, args: Finding['args'] = {}): Finding {
  return { code, severity: 'warning', args: { family, ...args } }
}
