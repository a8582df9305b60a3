import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const EXPECTED: Readonly<Record<string, string>> = {
  text: 'a text that is not empty',
  names: 'a name or a list of names',
  roles: 'a mapping of groups to roles, such as webservers: [web]',
  count: 'a whole number from 1',
  amount: 'a number of hosts from 0, or a share such as 10%',
  stage: 'a number of hosts from 1, or a share such as 10%',
  stages: 'a list such as [1, 10%, 100%]',
  rising:
    'a list in which no stage ends before another one, such as [1, 10%, 100%]: each says how many hosts are done after it',
  duration: 'a time such as 30s, 5m or 1h',
  limit: 'a time from 1s, such as 5m or 1h',
  confirmTimeout: 'a time from 4s to 30m',
  unreachable: 'abort or skip',
  onFailure: 'stop, revert-stage, revert-all or pause',
  gate: 'one of tcp: PORT, http: URL, command: TEXT (with from: HOST, on: GROUP, timeout: 5s as wanted), or prometheus: QUERY with at: URL',
  port: 'a port from 1 to 65535',
  patience: 'a time from 100ms to 5m, such as 5s',
  gates: 'a list such as [{tcp: 443}]',
  hooks: 'a list such as [{command: ./tell-us}, {url: "https://chat.example/hook", on: [pause, end]}]',
  hook: 'either command: TEXT or url: https://..., with on: [start, stage, pause, failure, end] and timeout: 10s as wanted',
  hookUrl: 'an https:// address without a password in it (http:// only to this machine itself)',
  hookEvent: 'one of start, stage, pause, failure and end, or a list of them',
  hookEvents: 'a list of start, stage, pause, failure and end',
  hookTimeout: 'a time of up to 5m',
  feeds:
    'a mapping of names to feeds, such as {drop: {url: "https://lists.example/drop.netset", format: netset}}',
  feed: 'either url: https://... or file: PATH, with format, refresh, allow, minEntries, maxEntries and limit as wanted',
  feedName: 'named with letters, digits, dots, dashes and underscores alone',
  feedUrl: 'an https:// address without a password in it',
  feedFormat: 'plain, netset, cidr or zone',
  refresh: 'a time from 1m to 30d, such as 6h',
  maxEntries: 'a whole number from 1 to 1000000',
  networks: 'an address, a CIDR or a range a-b, or a list of them',
  counts: 'a mapping of names to whole numbers from 1, such as {web: 1}',
  moment: 'a time such as 22:30 or 2026-01-31T22:30',
  'yes or no': 'true or false',
  mapping: 'name: value lines',
}

/** What flags write otherwise. */
const BY_FLAG: Readonly<Record<string, string>> = {
  counts: 'a name and a whole number from 1, such as web=1',
  stages: 'such as 1,10%,100%',
}

export const configSentences = {
  'flag-wrong-value': (a: Args) =>
    `${String(a.name)} must be ${BY_FLAG[String(a.expected)] ?? EXPECTED[String(a.expected)] ?? 'something else'}.`,
  'config-bad-yaml': (a: Args) => `This is not YAML: ${String(a.message)}.`,
  'config-duplicate-key': () => 'This name is there twice; only one of them would count.',
  'config-unknown-key': (a: Args) =>
    `${String(a.name)} is unknown${a.within ? ` in ${String(a.within)}` : ''}.${a.nearest ? ` Did you mean ${String(a.nearest)}?` : ''} ${
      Array.isArray(a.known) && a.known.length > 0 ? `Known: ${a.known.join(', ')}.` : ''
    }`.trim(),
  'config-not-yet': (a: Args) =>
    `${String(a.name)} would have no effect: fleet can't reach hosts through a bastion yet. Take it out; ${String(a.within)}.starts says how many connections are opened at once.`,
  'config-other-name': () =>
    "fleet reads fleet.yml, and nothing is called so here. Rename this file; if it isn't fleet's, put an empty fleet.yml beside it.",
  'config-wrong-value': (a: Args) =>
    `${String(a.name) || 'fleet.yml'} must be ${EXPECTED[String(a.expected)] ?? 'something else'}.`,
} satisfies Sentences
