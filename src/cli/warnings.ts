import type { Finding } from '../model/finding.ts'
import { say } from '../report/say.ts'

const said = new Set<string>()

/** To standard error. */
export const warn = (finding: Finding): void => void process.stderr.write(`${say(finding)}\n`)

/** Each once: whoever goes on with a run looks at the same inventory twice. */
export function warnOnce(finding: Finding): void {
  const line = say(finding)
  if (said.has(line)) return
  said.add(line)
  warn(finding)
}
