import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node'

/**
 * Prints the closing line `N passed, N failed`, `, N skipped` where some were.
 * A file that fails to load, a failed hook and an unhandled error each count as a failure, and a run of
 * no test at all is one: a total that leaves them out would be a green light nobody earned.
 */
export default class Totals implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const count = (state: string) => tests.filter(test => test.result().state === state).length
    const passed = count('passed')
    const skipped = tests.filter(test => ['skipped', 'pending'].includes(test.result().state)).length
    let failed =
      count('failed') + errors.length + modules.reduce((sum, module) => sum + brokenBlocks(module), 0)
    if (passed + failed === 0 || (reason === 'interrupted' && failed === 0)) failed += 1
    if (failed > 0) process.exitCode = 1
    for (const test of tests) sayWhySkipped(test)
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`)
  }
}

/** Files and describe blocks that failed by themselves: at load or in a hook. */
function brokenBlocks(module: TestModule): number {
  const suites = [...module.children.allSuites()].filter(suite => suite.errors().length > 0)
  return module.errors().length + suites.length
}

function sayWhySkipped(test: TestCase): void {
  const result = test.result()
  if (result.state === 'skipped')
    process.stdout.write(`skipped: ${test.fullName}: ${result.note ?? 'no reason given'}\n`)
}
