import type { Course } from '../../../src/rollout/course.ts'

/* Small fleets, and all that may be wanted of their rollouts. Times are tens of milliseconds, as time passes in tens. */

const FLEETS: readonly (readonly (readonly string[])[])[] = [
  [['a'], ['b', 'c']],
  [['a', 'b'], ['c']],
  [['a', 'b', 'c']],
]
const POLICIES: readonly Course['onFailure'][] = ['stop', 'pause', 'revert-stage', 'revert-all']

const EACH = FLEETS.flatMap(stages => POLICIES.map(onFailure => ({ stages, onFailure })))

const atOnce = (hosts: number) => ({ hosts, groups: new Map<string, number>(), groupsOf: () => [] })

const ENDLESS: readonly Course[] = EACH.flatMap(of =>
  [0, 1].flatMap(failures =>
    [undefined, 0].flatMap(skipped =>
      [1, 2].map(hosts => ({
        ...of,
        budget: {
          failures,
          stageFailures: failures === 1 ? [0, 1] : [],
          before: failures === 1 && hosts === 2 ? ['reverted' as const] : [],
          ...(skipped === undefined ? {} : { skipped }),
        },
        soak: hosts === 1 ? 10 : 0,
        checks: true,
        manual: skipped === undefined,
        parallel: atOnce(hosts),
      })),
    ),
  ),
)

/** One may fail and one be passed over: neither stands for the other. */
const SKIPPING: readonly Course[] = EACH.flatMap(of =>
  [0, 1].map(failures => ({
    ...of,
    budget: { failures, stageFailures: [], before: [], skipped: 1 },
    soak: 0,
    checks: failures === 1,
    manual: false,
    parallel: atOnce(2),
  })),
)

const GROUPS: readonly Course['parallel'][] = [
  { hosts: 3, groups: new Map([['g', 1]]), groupsOf: host => (host === 'c' ? [] : ['g']) },
  {
    hosts: 3,
    groups: new Map([
      ['g', 1],
      ['h', 2],
    ]),
    groupsOf: host => (host === 'b' ? ['g', 'h'] : ['h', 'unlimited']),
  },
]

const GROUPED: readonly Course[] = EACH.flatMap(of =>
  GROUPS.map(parallel => ({
    ...of,
    budget: { failures: 1, stageFailures: [], before: [] },
    soak: 0,
    checks: false,
    manual: false,
    parallel,
  })),
)

const WINDOWS = [{ notBefore: 10 }, { notAfter: 10 }, { notBefore: 10, notAfter: 20 }, { notAfter: 0 }]

const WINDOWED: readonly Course[] = EACH.flatMap(of =>
  WINDOWS.flatMap(window =>
    [0, 10].map(soak => ({
      ...of,
      ...window,
      budget: { failures: 0, stageFailures: [], before: [] },
      soak,
      checks: soak > 0,
      asks: soak > 0,
      manual: soak > 0,
      parallel: atOnce(1),
    })),
  ),
)

/** Some once more with a time that may be up at any moment. */
export const COURSES: readonly Course[] = [
  ...ENDLESS,
  ...ENDLESS.map(course => ({ ...course, overdueAt: 10 })),
  ...SKIPPING,
  ...GROUPED,
  ...WINDOWED,
  ...WINDOWED.filter(({ soak }) => soak === 0).map(course => ({ ...course, overdueAt: 20 })),
]
