import type { Finding } from '../model/finding.ts'
import { say } from '../report/say.ts'

const said = new Set<string>()

/** To standard error, and each once: whoever goes on with a run reads the same files twice. */
export function warnOnce(finding: Finding): void {
  const line = `${say(finding)}\n`
  if (said.has(line)) return
  said.add(line)
  process.stderr.write(line)
}
