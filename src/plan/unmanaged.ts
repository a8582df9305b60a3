import type { Observation } from '../host/observation.ts'
import type { Finding } from '../model/finding.ts'
import type { Unmanaged } from './ownership.ts'

interface Asked {
  readonly seen: Observation
  readonly replaceUnmanaged: boolean
  readonly isLockdown?: true
}

/**
 * What to say of rules that fleet didn't make. On a first apply they decide: replaced only on the operator's
 * word, and a jump to a chain that fleet doesn't know always needs that chain's name. Later they are kept and shown.
 */
export function judgeUnmanaged(
  asked: Asked,
  unmanaged: readonly Unmanaged[],
  nothingToDo: boolean,
): readonly Finding[] {
  const jumps = [...new Set(unmanaged.flatMap(({ unknownChain }) => unknownChain ?? []))]
  const taken = unmanaged.filter(one => one.inWantedChain).map(sayRule)
  const others = unmanaged.filter(one => one.unknownChain === undefined && !one.inWantedChain).map(sayRule)
  const isFirst = asked.seen.generation.number === 0
  const severity = nothingToDo ? 'warning' : 'error'
  const findings: Finding[] = []
  if (jumps.length > 0) findings.push({ code: 'unknown-chains', severity, args: { chains: jumps } })
  if (taken.length > 0)
    findings.push({
      code: 'chain-taken',
      severity: asked.replaceUnmanaged ? 'warning' : 'error',
      args: { rules: taken },
    })
  if (others.length === 0) return findings
  if (asked.isLockdown) findings.push({ code: 'lockdown-keeps', severity: 'note', args: { rules: others } })
  else if (asked.replaceUnmanaged)
    findings.push({ code: 'unmanaged-replaced', severity: 'warning', args: { rules: others } })
  else if (isFirst) findings.push({ code: 'unmanaged-first', severity, args: { rules: others } })
  else findings.push({ code: 'unmanaged-kept', severity: 'warning', args: { rules: others } })
  return findings
}

/** As iptables would be told it. */
export function sayRule({ table, chain, text, policy }: Unmanaged): string {
  const at = table === 'filter' ? '' : `-t ${table} `
  if (policy !== undefined) return `${at}-P ${chain} ${policy}`
  return text === undefined ? `${at}-N ${chain}` : `${at}-A ${chain} ${text}`
}
