import type { Finding } from '../model/finding.ts'

/** Each finding once, in the order of their first. */
export function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}
