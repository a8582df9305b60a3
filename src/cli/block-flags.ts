import type { Flag } from './command.ts'

/** How long hosts that don't answer are asked again. */
const PATIENCE = {
  'give-up-after': {
    type: 'string',
    requiresArg: true,
    describe: 'ask hosts that do not answer again for so long: 30s, 10m; 0: once (5m)',
  },
} satisfies Record<string, Flag>

const EVEN_SO = {
  'even-so': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'this protected address may be blocked; may be given more than once',
  },
} satisfies Record<string, Flag>

export const BLOCK = {
  for: { type: 'string', requiresArg: true, describe: 'for so long: 30m, 24h, 7d (for ever)' },
  until: {
    type: 'string',
    requiresArg: true,
    describe: 'until then: 2026-11-23T18:20:00Z, "2026-11-23 18:20", or 18:20',
  },
  reason: { type: 'string', requiresArg: true, describe: 'why, for those who look at it later' },
  'keep-longer': { type: 'boolean', describe: 'what is blocked for longer already stays so' },
  direction: {
    choices: ['in', 'out', 'both'],
    describe: 'what comes from it, what goes to it, or both (both)',
  },
  kill: { type: 'boolean', describe: 'also delete the connections that conntrack knows of' },
  'dry-run': {
    type: 'boolean',
    describe: 'change nothing; say which hosts have connections from there right now',
  },
  ...EVEN_SO,
  ...PATIENCE,
} satisfies Record<string, Flag>

export const UNBLOCK = {
  reason: {
    type: 'string',
    requiresArg: true,
    describe: 'only what is blocked for this reason; without an address all of that',
  },
  ...EVEN_SO,
  ...PATIENCE,
} satisfies Record<string, Flag>

export const BLOCKS = {
  repair: { type: 'boolean', describe: 'send each host what it lacks' },
  refresh: {
    type: 'boolean',
    describe:
      'fetch the feeds of fleet.yml that are due and bring hosts in line; silent where nothing changed',
  },
  ...PATIENCE,
} satisfies Record<string, Flag>
