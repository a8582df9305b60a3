import { FleetError, FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { say } from '../report/say.ts'

/** Prints an error that ended a command, and gives its exit code: 1 for bad input, 4 for a bug of fleet's own. */
export function explain(error: unknown): number {
  if (error instanceof FleetErrors) {
    for (const finding of error.findings) process.stderr.write(`${labelled(finding)}\n`)
    return 1
  }
  if (error instanceof FleetError) {
    process.stderr.write(`${say(error.finding)}\n`)
    return 1
  }
  process.stderr.write(`fleet stopped on an error of its own; this should not happen.\n${stackOf(error)}\n`)
  return 4
}

/** What is no error among errors says so. */
const labelled = (finding: Finding) =>
  finding.severity === 'error' ? say(finding) : `${finding.severity}: ${say(finding)}`

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
