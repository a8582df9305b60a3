import { HOST_KEY_CHECKING } from '../model/connection.ts'
import type { Flag } from './command.ts'

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
    choices: HOST_KEY_CHECKING,
    describe: 'what to do with an unknown host key (strict)',
  },
  'connect-timeout': { type: 'number', requiresArg: true, describe: 'seconds for a connection (10)' },
  forks: { alias: 'f', type: 'number', requiresArg: true, describe: 'hosts at once (50)' },
} satisfies Record<string, Flag>

/** What a change may do. */
export const CHANGE = {
  'replace-unmanaged': {
    type: 'boolean',
    describe: 'remove the rules that fleet did not make (the plan shows each)',
  },
  'accept-lockout-risk': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'apply to this host (or all) although the check says that it locks the controller out',
  },
} satisfies Record<string, Flag>

export const OUTPUT = {
  json: { type: 'boolean', describe: 'one JSON object a line on standard output' },
} satisfies Record<string, Flag>

export const APPLY = {
  check: { alias: 'C', type: 'boolean', describe: 'change nothing: the same as `fleet plan`' },
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
  journal: { type: 'string', requiresArg: true, describe: 'folder for the record of the run' },
} satisfies Record<string, Flag>
