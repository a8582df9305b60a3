import type { Break } from '../break.ts'

/* Lockdowns, and blocks beside generations. */

const SHOP =
  'lets nothing through but SSH from the managers, cuts what is open, and is released to just what was'

export const LOCKDOWN: readonly Break[] = [
  {
    name: 'lets-others-stand-before-a-lockdown',
    file: 'plan/compare.ts',
    from: 'question.isLockdown ? { isBeforeRaw: isBlock } : {}',
    to: "question.isLockdown && isBlock('') ? { isBeforeRaw: isBlock } : {}",
    red: ['integration/lockdown.test.ts', SHOP],
  },
  {
    name: 'tells-a-host-in-lockdown-nothing-of-blocks',
    file: 'cli/targets.ts',
    from: 'withBehind(locked, asked)',
    to: 'locked',
    red: ['integration/in-line.test.ts', 'brings blocks and feeds to a host in lockdown, which stays in it'],
  },
  {
    name: 'applies-to-a-host-in-lockdown',
    file: 'cli/targets.ts',
    from: 'return locked ?',
    to: 'return locked && seen.arming ?',
    red: ['integration/lockdown.test.ts', SHOP],
  },
  {
    name: 'takes-a-policy-of-others-along-with-a-release',
    file: 'plan/lockdown.ts',
    from: "name === 'filter' && isTheirs(chain.name)",
    to: "name === '' && isTheirs(chain.name)",
    red: [
      'integration/lockdown.test.ts',
      'stops what Docker publishes and forwards, on a host that fleet never touched, and leaves it as it was',
    ],
  },
  {
    name: 'unblocks-where-generations-go',
    file: 'host/remove.sh',
    from: '[ -e "$BLOCKS" ] || { mv -T',
    to: '[ -e /nowhere ] || { mv -T',
    red: ['host/block/beside.test.ts', 'stay where fleet goes, and go alone'],
  },
]
