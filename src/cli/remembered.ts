import { resolve } from 'node:path'
import type { Flags } from './command.ts'

/** Flags that decide what a run does, and that whoever goes on with it must not have to say again. Never a secret. */
const REMEMBERED = [
  'run',
  'release',
  'to',
  'limit',
  'templates',
  'plan',
  'replace-unmanaged',
  'only-drifted',
  'accept-lockout-risk',
  'user',
  'become',
  'private-key',
  'host-key-checking',
  'connect-timeout',
  'forks',
  'starts',
  'open',
  'confirm-timeout',
  'apt-timeout',
  'stages',
  'canary',
  'max-parallel',
  'gate',
  'spread',
  'shuffle',
  'max-failures',
  'max-stage-failures',
  'max-skipped',
  'unreachable',
  'soak',
  'on-failure',
  'manual',
  'not-before',
  'not-after',
  'host-timeout',
  'timeout',
]

/** Whoever goes on with the run may stand in another folder. */
const PATHS: ReadonlySet<string> = new Set(['templates', 'plan', 'private-key'])

export const rememberedFlags = (flags: Flags): Flags =>
  Object.fromEntries(
    REMEMBERED.flatMap(name => (flags[name] === undefined ? [] : [[name, remembered(name, flags[name])]])),
  )

const remembered = (name: string, value: unknown) =>
  PATHS.has(name) && typeof value === 'string' && !value.startsWith('~') ? resolve(value) : value
