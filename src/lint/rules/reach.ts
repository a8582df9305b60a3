import { FAMILIES } from '../../model/family.ts'
import type { Finding } from '../../model/finding.ts'
import { covers, demands, isCertain } from '../cover.ts'
import { blame, type Line, linesOf, type Subject, warn } from '../subject.ts'

/** Beyond this many rules a chain is a list: comparing each with each isn't worth its time. */
const LONG_CHAIN = 500
const ENDS = new Set(['ACCEPT', 'DROP', 'REJECT', 'RETURN'])
const CLOSES = new Set(['DROP', 'REJECT'])

/** `rule-after-end`, `rule-shadowed`, `drop-too-late`: rules that no packet reaches. */
export function findUnreachable({ rulesets }: Subject): Finding[] {
  return FAMILIES.flatMap(family => linesOf(rulesets[family]).flatMap(checkChain))
}

function checkChain(lines: readonly Line[]): Finding[] {
  const ends = (line: Line) => ENDS.has(line.clause.target ?? '') && isCertain(line.clause)
  const last = lines.findIndex(line => ends(line) && demands(line.clause).length === 0)
  const reached = last === -1 ? lines : lines.slice(0, last + 1)
  return [...afterEnd(lines, last), ...shadowed(reached, ends)]
}

function afterEnd(lines: readonly Line[], last: number): Finding[] {
  const end = lines[last]
  const first = lines[last + 1]
  if (!end || !first) return []
  return [warn('rule-after-end', first, { ...blame(end), count: lines.length - last - 1 })]
}

function shadowed(lines: readonly Line[], ends: (line: Line) => boolean): Finding[] {
  if (lines.length > LONG_CHAIN) return []
  const enders: Line[] = []
  const findings: Finding[] = []
  for (const line of lines) {
    const before = enders.find(one => covers(one.clause, line.clause))
    if (before) findings.push(describe(before, line))
    else if (ends(line)) enders.push(line)
  }
  return findings
}

/** The same said twice does no harm; a DROP that comes too late does. */
function describe(before: Line, line: Line): Finding {
  const [was, is] = [before.clause.target ?? '', line.clause.target ?? '']
  if (was === is) return { ...warn('rule-shadowed', line, blame(before)), severity: 'note' }
  return warn(was === 'ACCEPT' && CLOSES.has(is) ? 'drop-too-late' : 'rule-shadowed', line, blame(before))
}
