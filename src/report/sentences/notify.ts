import type { Sentences } from './sentence.ts'

export const notifySentences = {
  'hook-failed': a =>
    `Hook ${String(a.hook)} of fleet.yml wasn't told ${String(a.failed)} of ${String(a.told)} times; the last time: ${String(a.why)}.`,
  'hooks-broke': a => `The hooks of fleet.yml were given up (${String(a.reason)}); this should not happen.`,
  'run-broke-off': () => 'fleet ended on an error, before the run had an end.',
} satisfies Sentences
