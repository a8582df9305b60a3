/** What came of a scenario: `red` by an assertion of its own, and by nothing else. */
export interface Verdict {
  readonly is: 'red' | 'green' | 'no test' | 'another error'
  /** The first line of the failure; '' if there is none. */
  readonly said: string
  readonly seconds: number
}

interface Case {
  readonly status: string
  readonly duration?: number
  readonly failureMessages?: readonly string[]
}

/** What `vitest --reporter=json` writes, as far as it is looked at. */
export interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly Case[]
  }[]
}

/** An assertion (one of an error is no AssertionError), or a state that was waited for in vain. */
const ASSERTION =
  /^(AssertionError|Error: (still not so|not in time|promise resolved|expected .* to (match|throw)))/

/** A file that doesn't load, a lab that doesn't start and a test that is out of time say nothing of what was broken. */
export function judge(report: Report | undefined, seconds: number, says: RegExp = ASSERTION): Verdict {
  const cases = report?.testResults.flatMap(file => file.assertionResults) ?? []
  const failures = cases.filter(({ status }) => status === 'failed').flatMap(one => one.failureMessages ?? [])
  const message = report?.testResults.map(file => file.message).join('') ?? 'vitest wrote no report'
  const verdict = (is: Verdict['is'], said: string): Verdict => ({
    is,
    said: said.split('\n')[0]?.slice(0, 200) ?? '',
    seconds,
  })
  const right = failures.find(failure => says.test(failure))
  if (right !== undefined) return verdict('red', right)
  if (failures[0] !== undefined) return verdict('another error', failures[0])
  if (cases.some(({ status }) => status === 'passed'))
    return verdict(message ? 'another error' : 'green', message)
  return verdict(message ? 'another error' : 'no test', message)
}
