import type { Event } from '../../src/model/event.ts'

/** What a test has to say of why. */
export const finding = (code: string) => ({ code, severity: 'error', args: {} }) as const

/** A stage begins, of two. */
export const stage = (number: number, hosts: readonly string[]): Event => ({
  type: 'phase-started',
  phase: 'apply',
  hosts,
  stage: number,
  stages: 2,
})
