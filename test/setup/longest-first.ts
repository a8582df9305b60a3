import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take minutes, however short their text is: begun last, they would be waited for alone. */
const LONG =
  /\/faults\/(long\/(deadline|network|refused|login|lying-host)|controller-killed|lockout)\.test\.ts$/

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    const first = (file: TestSpecification) => (file.moduleId.endsWith('/deadline.test.ts') ? 0 : 1)
    return [
      ...sorted.filter(isLong).toSorted((a, b) => first(a) - first(b)),
      ...sorted.filter(file => !isLong(file)),
    ]
  }
}
