import type { Break } from './break.ts'
import { ARMING } from './breaks/arming.ts'
import { BLOCK_PLACE } from './breaks/block-place.ts'
import { BLOCKS } from './breaks/blocks.ts'
import { BOOT } from './breaks/boot.ts'
import { DISK } from './breaks/disk.ts'
import { FEEDS } from './breaks/feeds.ts'
import { GUARD } from './breaks/guard.ts'
import { HOSTS } from './breaks/hosts.ts'
import { JOURNAL } from './breaks/journal.ts'
import { LOCK } from './breaks/lock.ts'
import { LOCKDOWN } from './breaks/lockdown.ts'
import { PLAN } from './breaks/plan.ts'
import { ROLLOUT } from './breaks/rollout.ts'
import { SAVED } from './breaks/saved.ts'
import { SESSION } from './breaks/session.ts'
import { SETTLE } from './breaks/settle.ts'
import { UNDO } from './breaks/undo.ts'

/** Each of fleet's safeguards, taken away. */
export const BREAKS: readonly Break[] = [
  ...GUARD,
  ...UNDO,
  ...ARMING,
  ...LOCK,
  ...DISK,
  ...BOOT,
  ...SAVED,
  ...BLOCKS,
  ...BLOCK_PLACE,
  ...LOCKDOWN,
  ...FEEDS,
  ...HOSTS,
  ...PLAN,
  ...SETTLE,
  ...JOURNAL,
  ...SESSION,
  ...ROLLOUT,
]
