import type { Clause } from '../../evaluate/clause.ts'
import { FAMILIES } from '../../model/family.ts'
import type { Finding } from '../../model/finding.ts'
import { covers, demands, isCertain } from '../cover.ts'
import { blame, type Line, linesOf, type Subject, warn } from '../subject.ts'

const SERVICE = new Set(['-p', '--dport', '--dports', '--ctstate', '--state', '--syn', '-i'])
const CLOSES = new Set(['DROP', 'REJECT'])

/** `drop-too-late`: a DROP of some source behind a rule that opens a service to everybody. */
export function findLateDrops({ rulesets }: Subject): Finding[] {
  return FAMILIES.flatMap(family =>
    linesOf(rulesets[family]).flatMap(lines => {
      const opened: Line[] = []
      return lines.flatMap(line => {
        if (line.clause.target === 'ACCEPT' && opensService(line.clause)) opened.push(line)
        if (!CLOSES.has(line.clause.target ?? '') || !namesSource(line.clause)) return []
        const open = opened.find(one => concerns(line.clause, one.clause))
        return open ? [warn('drop-too-late', line, blame(open))] : []
      })
    }),
  )
}

const opensService = (clause: Clause) =>
  isCertain(clause) &&
  demands(clause).every(({ option }) => SERVICE.has(option)) &&
  demands(clause).some(({ option }) => option.startsWith('--dport'))

const namesSource = (clause: Clause) =>
  demands(clause).some(
    ({ option, negated, args }) =>
      !negated && (option === '-s' || (option === '--match-set' && args[1] === 'src')),
  )

/** The DROP would have closed this service too; one that the ACCEPT covers whole is `findUnreachable`'s. */
function concerns(drop: Clause, open: Clause): boolean {
  const others = demands(drop).filter(({ option }) => option !== '-s' && option !== '--match-set')
  const asked = demands(open).map(({ option, negated, args }) => `${negated} ${option} ${args.join(' ')}`)
  return (
    !covers(open, drop) &&
    others.every(({ option, negated, args }) => asked.includes(`${negated} ${option} ${args.join(' ')}`))
  )
}
