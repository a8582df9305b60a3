import type { World } from './state.ts'

const later: World = { locksOut: false, supervisor: 'systemd', needsGo: false, first: false }
const loop: World = { ...later, supervisor: 'loop' }

/** Between them: both supervisors, rules that lock out and that don't, both ways to say go, a first and a later change. */
export const WORLDS = {
  'a first change': { ...later, first: true },
  'a first change that installs': { ...later, first: true, installs: true },
  'a later change': later,
  'a change that locks out': { ...later, locksOut: true },
  'a change whose go is said': { ...later, needsGo: true },
  'a change over one that is not on disk': { ...later, over: true },
  'no systemd': loop,
  'no systemd, a change that locks out': { ...loop, locksOut: true },
} satisfies Record<string, World>
