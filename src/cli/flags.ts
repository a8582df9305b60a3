import type { Connection } from '../model/connection.ts'
import type { Flag } from './command.ts'

/** A command line that can't be read. Here, because each file more is felt in `fleet --help`. */
export class UsageError extends Error {}

const positive = (name: string) => (value: number) => {
  if (value > 0) return value
  throw new UsageError(`--${name}: expected a number above 0`)
}

const whole = (name: string) => (value: number) => {
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`--${name}: expected a whole number, 1 at least`)
}

/** Where hosts come from, for commands that render nothing. */
export const HOSTS = {
  inventory: {
    alias: 'i',
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: "inventory file, folder, or 'host1,host2,'; may be given more than once",
  },
  limit: {
    alias: 'l',
    type: 'string',
    requiresArg: true,
    describe: 'only these hosts: a pattern as in Ansible',
  },
  'extra-vars': {
    alias: 'e',
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'key=value, JSON, or @file',
  },
  'list-hosts': { type: 'boolean', describe: 'print the hosts that would be meant, and stop' },
} satisfies Record<string, Flag>

export const INVENTORY = {
  ...HOSTS,
  templates: { type: 'string', requiresArg: true, describe: 'folder of role templates, looked in first' },
} satisfies Record<string, Flag>

/** How hosts are reached. */
export const CONNECTION = {
  user: {
    alias: 'u',
    type: 'string',
    requiresArg: true,
    describe: 'log in as this user, where the inventory says none',
  },
  become: { alias: 'b', type: 'boolean', describe: 'become root with sudo' },
  'ask-become-pass': { alias: 'K', type: 'boolean', describe: 'ask for the password of sudo' },
  'private-key': {
    type: 'string',
    requiresArg: true,
    describe: 'private key file, where the inventory says none',
  },
  'host-key-checking': {
    choices: ['strict', 'accept-new', 'off'] satisfies Connection['hostKeyChecking'][],
    describe: 'what to do with an unknown host key (strict)',
  },
  'connect-timeout': {
    type: 'number',
    requiresArg: true,
    coerce: positive('connect-timeout'),
    describe: 'seconds for a connection (10)',
  },
  forks: {
    alias: 'f',
    type: 'number',
    requiresArg: true,
    coerce: whole('forks'),
    describe: 'hosts at once (50)',
  },
} satisfies Record<string, Flag>

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

export const OUTPUT = {
  verbose: { alias: 'v', type: 'boolean', describe: 'say notes too, not only warnings' },
  json: { type: 'boolean', describe: 'one JSON object a line on standard output' },
} satisfies Record<string, Flag>

const JOURNAL = {
  journal: { type: 'string', requiresArg: true, describe: 'folder for the record of the run' },
  report: {
    type: 'string',
    requiresArg: true,
    describe: 'write a page about the run to this file: FILE.html',
  },
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
    describe: 'seconds until a host that is not confirmed rolls back, 4 to 1800 (60)',
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
  manual: { type: 'boolean', describe: 'wait for `fleet promote RUN` before each stage but the first' },
  'not-before': text('start no host before: 22:30, or a date and time'),
  'not-after': text('start no host after'),
  'host-timeout': text('a host that is not done after so long, such as 5m, goes back to its old rules'),
  timeout: text('so long after it began, such as 2h, the run starts no host any more'),
} satisfies Record<string, Flag>

const metrics = (file: string) => {
  if (file.endsWith('.prom')) return file
  throw new UsageError(
    `--textfile ${file}: expected a name that ends in .prom: the node exporter reads no other`,
  )
}

export const DRIFT = {
  textfile: {
    type: 'string',
    requiresArg: true,
    coerce: metrics,
    describe: "write metrics for the textfile collector of Prometheus' node exporter",
  },
} satisfies Record<string, Flag>

/** What brings runs to their end needs of the inventory: how its hosts are reached. */
export const RESUME = {
  inventory: HOSTS.inventory,
  'extra-vars': HOSTS['extra-vars'],
  ...JOURNAL,
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

export const HISTORY = {
  ...RESUME,
  newest: {
    alias: 'n',
    type: 'number',
    requiresArg: true,
    coerce: whole('newest'),
    describe: 'so many runs (20)',
  },
  json: OUTPUT.json,
} satisfies Record<string, Flag>

export const REMOVE = { ...RISK, ...APPLY } satisfies Record<string, Flag>

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
