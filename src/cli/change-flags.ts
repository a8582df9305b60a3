import type { Flag } from './command.ts'
import { HOSTS, JOURNAL, seconds, whole } from './flags.ts'

const RISK = {
  'accept-lockout-risk': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'apply to this host (or all) although the check says that it locks the controller out',
  },
} satisfies Record<string, Flag>

/** What a change may do. */
export const CHANGE = {
  'replace-unmanaged': {
    type: 'boolean',
    describe: 'remove the rules that fleet did not make (the plan shows each)',
  },
  'only-drifted': {
    type: 'boolean',
    describe: 'change only hosts that are not as they were last confirmed, live or on disk',
  },
  ...RISK,
} satisfies Record<string, Flag>

export const APPLY = {
  check: { alias: 'C', type: 'boolean', describe: 'change nothing: show what would be done' },
  diff: {
    alias: 'D',
    type: 'boolean',
    describe: 'print the plan before applying it, also where nobody is asked',
  },
  yes: { alias: 'y', type: 'boolean', describe: 'do not ask' },
  'confirm-timeout': {
    type: 'number',
    requiresArg: true,
    coerce: seconds('confirm-timeout'),
    describe: 'seconds until a host that is not confirmed rolls back, 4 to 1800 (60)',
  },
  open: {
    type: 'number',
    requiresArg: true,
    coerce: whole('open'),
    describe: 'hosts whose connections stay open until they are changed (1000); others are connected to anew',
  },
  ...JOURNAL,
} satisfies Record<string, Flag>

const share = 'a number, or a share such as 10%'

export const PLAN = {
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'save the plan: `fleet apply --plan` does exactly it',
  },
} satisfies Record<string, Flag>

export const FROZEN = {
  plan: {
    type: 'string',
    requiresArg: true,
    describe:
      'do what this plan says and nothing else; a host where it would be something else now is refused',
  },
} satisfies Record<string, Flag>

const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const

/** How a change goes over the hosts: what `rollout:` in fleet.yml says. */
export const ROLLOUT = {
  stages: text('go in stages: numbers and shares of the hosts to change, such as 1,10%,100%'),
  canary: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'GROUP=N: so many hosts of a group or role are in the first stage',
  },
  spread: text('a variable: stages take from each of its values'),
  shuffle: text('shuffle the hosts; the same seed, the same order'),
  'max-parallel': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'GROUP=N: only so many of a group or role at once',
  },
  gate: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: "what has to hold after a change, as in fleet.yml: 'tcp: 443', '{http: URL, from: HOST}'",
  },
  'max-failures': text(`stop when more hosts fail: ${share}`),
  'max-stage-failures': text(`the same in each stage: ${share}`),
  'max-skipped': text(`stop when more are passed over: ${share}`),
  unreachable: {
    choices: ['abort', 'skip'],
    describe: 'whether a host that cannot be reached is a failure, or passed over',
  },
  soak: text('wait so long after a stage, then look at its hosts again'),
  'on-failure': {
    choices: ['stop', 'pause', 'revert-stage', 'revert-all'],
    describe: 'what follows too many failures (stop)',
  },
  manual: {
    type: 'boolean',
    describe:
      'wait for `fleet promote RUN` before each stage but the first; --no-manual: whatever fleet.yml says, not',
  },
  'not-before': text('start no host before: 22:30, or a date and time'),
  'not-after': text('start no host after'),
  'host-timeout': text('a host that is not done after so long, such as 5m, goes back to its old rules'),
  timeout: text('so long after it began, such as 2h, the run starts no host any more'),
} satisfies Record<string, Flag>

/** What comes before a first change. */
export const INSTALL = {
  'apt-timeout': {
    type: 'number',
    requiresArg: true,
    coerce: whole('apt-timeout'),
    describe: "seconds for a host's apt to wait for others that use it, and for its sources (300)",
  },
} satisfies Record<string, Flag>

export const REMOVE = { ...RISK, ...APPLY } satisfies Record<string, Flag>

export const LOCKDOWN = {
  limit: { ...HOSTS.limit, alias: ['l', 'hosts'] },
  release: {
    type: 'boolean',
    describe: 'back to what the host had before its lockdown; hosts that are in none stay as they are',
  },
  ...RISK,
  ...APPLY,
  ...INSTALL,
  stages: ROLLOUT.stages,
  'max-failures': ROLLOUT['max-failures'],
} satisfies Record<string, Flag>

export const ROLLBACK = {
  limit: { ...HOSTS.limit, alias: ['l', 'hosts'] },
  ...RISK,
  ...APPLY,
  to: {
    type: 'number',
    requiresArg: true,
    coerce: whole('to'),
    describe: 'to this generation of each host',
  },
} satisfies Record<string, Flag>
