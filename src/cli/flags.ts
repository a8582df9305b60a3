import type { Connection } from '../model/connection.ts'
import type { Flag } from './command.ts'

/** A command line that can't be read. Here, because each file more is felt in `fleet --help`. */
export class UsageError extends Error {}

export const seconds = (name: string) => (value: number) => {
  if (value > 0) return value
  throw new UsageError(`--${name}: expected seconds, a number above 0`)
}

export const whole = (name: string) => (value: number) => {
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
    coerce: seconds('connect-timeout'),
    describe: 'seconds for a connection (10)',
  },
  forks: {
    alias: 'f',
    type: 'number',
    requiresArg: true,
    coerce: whole('forks'),
    describe: 'hosts at once (50)',
  },
  starts: {
    type: 'number',
    requiresArg: true,
    coerce: whole('starts'),
    describe: 'connections being opened at once (30)',
  },
} satisfies Record<string, Flag>

export const OUTPUT = {
  verbose: { alias: 'v', type: 'boolean', describe: 'say notes too, not only warnings' },
  json: { type: 'boolean', describe: 'one JSON object a line on standard output' },
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

export const JOURNAL = {
  journal: { type: 'string', requiresArg: true, describe: 'folder for the record of the run' },
  report: {
    type: 'string',
    requiresArg: true,
    describe: 'write a page about the run to this file: FILE.html',
  },
} satisfies Record<string, Flag>

/** What brings runs to their end needs of the inventory: how its hosts are reached. */
export const RESUME = {
  inventory: HOSTS.inventory,
  'extra-vars': HOSTS['extra-vars'],
  ...JOURNAL,
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
  host: {
    type: 'string',
    requiresArg: true,
    describe: 'what this host was asked and what it answered, in RUN or in the newest run',
  },
  json: OUTPUT.json,
} satisfies Record<string, Flag>
