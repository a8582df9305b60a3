import { BLOCK, BLOCKS, UNBLOCK } from './block-flags.ts'
import { APPLY, CHANGE, FROZEN, INSTALL, LOCKDOWN, PLAN, REMOVE, ROLLBACK, ROLLOUT } from './change-flags.ts'
import type { Command } from './command.ts'
import { CONNECTION, DRIFT, HISTORY, HOSTS, INVENTORY, OUTPUT, RESUME } from './flags.ts'

/** Every command there is. A command's code is imported only when it runs: `fleet --help` costs yargs and nothing else. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'init',
    positional: '[folder]',
    describe: 'write a starting inventory, fleet.yml and a role into an empty folder',
    flags: {},
    load: () => import('./init.ts'),
  },
  {
    name: 'apply',
    positional: '[inventory]',
    describe: 'bring every host to its rules; a host that can no longer be reached rolls back by itself',
    flags: { ...INVENTORY, ...CONNECTION, ...CHANGE, ...APPLY, ...INSTALL, ...FROZEN, ...ROLLOUT, ...OUTPUT },
    load: () => import('./apply.ts'),
  },
  {
    name: 'plan',
    positional: '[inventory]',
    describe: 'look at every host and show what apply would change; nothing is changed',
    // Ansible's -C and -D go with it: a plan is a check, and always shows what differs.
    flags: {
      ...INVENTORY,
      ...CONNECTION,
      ...CHANGE,
      ...PLAN,
      ...OUTPUT,
      check: APPLY.check,
      diff: APPLY.diff,
    },
    load: () => import('./plan.ts'),
  },
  {
    name: 'drift',
    positional: '[inventory]',
    describe: 'which hosts are not as they were last confirmed, or as they would be rendered now; for cron',
    flags: { ...INVENTORY, ...CONNECTION, ...DRIFT, ...OUTPUT },
    load: () => import('./drift.ts'),
  },
  {
    name: 'status',
    positional: '[inventory]',
    describe:
      "each host's guard, generation and last change, nothing is changed; or of a run (status RUN), followed while it goes on",
    flags: { ...HOSTS, ...CONNECTION, journal: RESUME.journal, ...OUTPUT },
    load: () => import('./status.ts'),
  },
  {
    name: 'history',
    positional: '[inventory]',
    describe: 'the runs of an inventory, the newest first; or what became of one (history RUN)',
    flags: HISTORY,
    load: () => import('./history.ts'),
  },
  {
    name: 'resume',
    positional: '[run]',
    describe: 'bring to its end what a fleet that died has left: the newest run of this inventory, or RUN',
    flags: { ...RESUME, ...CONNECTION, ...OUTPUT },
    load: () => import('./resume.ts'),
  },
  {
    name: 'promote',
    positional: '<run>',
    describe: 'let a paused rollout go on',
    flags: { inventory: RESUME.inventory, journal: RESUME.journal },
    load: () => import('./promote.ts'),
  },
  {
    name: 'remove',
    positional: '[inventory]',
    describe:
      'take fleet off every host: what stood before is back in force and on disk, guarded like any change',
    flags: { ...HOSTS, ...CONNECTION, ...REMOVE, ...ROLLOUT, ...OUTPUT },
    load: () => import('./remove.ts'),
  },
  {
    name: 'rollback',
    positional: '[run]',
    describe:
      'take hosts back to generations of their own, guarded: all that RUN changed, or -l HOSTS, or --to GENERATION',
    flags: { ...HOSTS, ...CONNECTION, ...ROLLBACK, ...OUTPUT },
    load: () => import('./rollback.ts'),
  },
  {
    name: 'block',
    positional: '[address..]',
    describe:
      'keep addresses out of every host at once, in seconds: addresses, networks, ranges, files of them, or - for standard input',
    flags: { ...HOSTS, ...CONNECTION, ...BLOCK, json: OUTPUT.json },
    load: () => import('./block.ts'),
  },
  {
    name: 'unblock',
    positional: '[address..]',
    describe: 'let addresses in again on every host, and say what still keeps them out',
    flags: { ...HOSTS, ...CONNECTION, ...UNBLOCK, json: OUTPUT.json },
    load: () => import('./unblock.ts'),
  },
  {
    name: 'blocks',
    positional: '[inventory]',
    describe:
      'what is blocked, until when and why, and the hosts that lack it; --repair sends it to them, --refresh the feeds',
    flags: { ...HOSTS, ...CONNECTION, ...BLOCKS, json: OUTPUT.json },
    load: () => import('./blocks.ts'),
  },
  {
    name: 'lockdown',
    positional: '[inventory]',
    describe:
      'leave only SSH from here and from fleet_management, in and out, guarded like any change; or take that back (--release)',
    flags: { ...HOSTS, ...CONNECTION, ...LOCKDOWN, ...OUTPUT },
    load: () => import('./lockdown.ts'),
  },
  {
    name: 'render',
    positional: '[inventory]',
    describe: "print each host's rules; nobody is contacted",
    flags: { ...INVENTORY },
    load: () => import('./render.ts'),
  },
  {
    name: 'lab',
    positional: '<action> [rest..]',
    describe: 'up [inventory] | run COMMAND... | down: real hosts in network namespaces, to try things',
    flags: {
      inventory: INVENTORY.inventory,
      packages: { type: 'boolean', default: true, describe: 'serve Debian packages to the hosts' },
      systemd: { type: 'boolean', describe: 'boot systemd on every host' },
    },
    load: () => import('./lab.ts'),
  },
]
