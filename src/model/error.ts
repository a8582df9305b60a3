import type { Args, Finding } from './finding.ts'
import type { HostState } from './host-state.ts'
import type { Place } from './place.ts'

interface Details {
  at?: Place
  hostState?: HostState
  cause?: unknown
}

/**
 * The one error of the program. `code` finds the sentence in `report/sentences/`, `at` the place in the
 * user's files, `hostState` says in what state a host was left, where a host was involved.
 */
export class FleetError extends Error {
  readonly code: string
  readonly args: Args
  readonly at: Place | undefined
  readonly hostState: HostState | undefined

  constructor(code: string, args: Args = {}, details: Details = {}) {
    super(`${code} ${JSON.stringify(args)}`, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'FleetError'
    this.code = code
    this.args = args
    this.at = details.at
    this.hostState = details.hostState
  }

  /** The same as data, for reports that list findings and errors together. */
  get finding(): Finding {
    return { code: this.code, severity: 'error', args: this.args, ...(this.at ? { at: this.at } : {}) }
  }
}

/** Everything wrong with an input that was read to its end: at least one finding of severity `error`. */
export class FleetErrors extends Error {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    super(findings.map(({ code, args }) => `${code} ${JSON.stringify(args)}`).join('\n'))
    this.name = 'FleetErrors'
    this.findings = findings
  }
}
