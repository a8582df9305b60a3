import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/longest-first.ts'

// Moments are said in the time of whoever reads them.
process.env.TZ = 'UTC'

const project = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
})

/**
 * Shells in namespaces of their own, which mostly wait, besides what needs no host at all: four files at once, also on
 * two cores, and time for a machine under load.
 */
const atOnce = { maxWorkers: 4, testTimeout: 60_000 }

/** Real hosts take seconds to start and share one cached root: one file at a time. */
const onRealHosts = {
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 420_000,
  sequence: { groupOrder: 1 },
}

/** Mostly waiting for deadlines: four files at once, each with a lab of its own, and time for a machine under load. */
const inTheirWindows = {
  ...onRealHosts,
  fileParallelism: true,
  maxWorkers: 4,
  testTimeout: 400_000,
  sequence: { groupOrder: 2 },
}

export default defineConfig({
  test: {
    reporters: ['default', './test/setup/totals.ts'],
    passWithNoTests: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'], ...atOnce } },
      project('golden', atOnce),
      project('host', { ...atOnce, hookTimeout: 120_000 }),
      project('integration', onRealHosts),
      project('rollout', inTheirWindows),
      { test: { name: 'faults', include: ['test/faults/*.test.ts'], ...inTheirWindows } },
      {
        test: {
          name: 'faults-long',
          include: ['test/faults/long/*.test.ts'],
          ...inTheirWindows,
          testTimeout: 600_000,
        },
      },
      project('long', { ...onRealHosts, testTimeout: 900_000 }),
    ],
  },
})
