import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/config.ts'
import { readConfig } from '../../../src/config/read.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import type { Finding } from '../../../src/model/finding.ts'
import { configSentences } from '../../../src/report/sentences/config.ts'

const parse = (text: string) => parseConfig(text, 'fleet.yml', '/etc/fleet')

function findingsOf(text: string): readonly Finding[] {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof FleetErrors) return error.findings
    throw error
  }
  return []
}

/** `line code argument` of each finding. */
const brief = (text: string) =>
  findingsOf(text).map(({ code, args, at }) => `${at?.line} ${code} ${String(args.name ?? '')}`.trim())

describe('fleet.yml', () => {
  it('says everything, with paths relative to the file', () => {
    const config = parse(`
inventory: [hosts.ini, 'h1,h2,']
templates: ../templates
journal: /var/log/fleet
roles:
  webservers: [web, ftp]
  dbservers: db
concurrency: {hosts: 10, starts: 5, startsPerBastion: 2, open: 100}
confirmTimeout: 2m
rollout:
  stages: [1, 10%, 100%]
  canaries: {web: 1}
  spread: zone
  shuffle: 7
  maxParallel: {db: 1}
  maxFailures: 0
  maxStageFailures: 10%
  unreachable: skip
  maxSkipped: 5
  soak: 30s
  gates: []
  onFailure: pause
  manual: true
  notBefore: 22:30
  notAfter: 2026-01-31T04:00
  hostTimeout: 5m
  timeout: 2h
`)
    expect(config).toEqual({
      inventory: ['/etc/fleet/hosts.ini', 'h1,h2,'],
      templates: '/etc/templates',
      journal: '/var/log/fleet',
      roles: new Map([
        ['webservers', { roles: ['web', 'ftp'], at: { file: 'fleet.yml', line: 6 } }],
        ['dbservers', { roles: ['db'], at: { file: 'fleet.yml', line: 7 } }],
      ]),
      concurrency: { hosts: 10, starts: 5, startsPerBastion: 2, open: 100 },
      confirmTimeout: 120_000,
      rolloutAt: new Map(
        [
          ['canaries.web', 12],
          ['maxParallel.db', 15],
          ['spread', 13],
        ].map(([name, line]) => [name, { file: 'fleet.yml', line }]),
      ),
      rollout: {
        stages: [1, '10%', '100%'],
        canaries: { web: 1 },
        spread: 'zone',
        shuffle: '7',
        maxParallel: { db: 1 },
        maxFailures: 0,
        maxStageFailures: '10%',
        unreachable: 'skip',
        maxSkipped: 5,
        soak: 30_000,
        gates: [],
        onFailure: 'pause',
        manual: true,
        notBefore: '22:30',
        notAfter: '2026-01-31T04:00',
        hostTimeout: 300_000,
        timeout: 7_200_000,
      },
    })
  })

  it('says who is told of runs', () => {
    const { hooks } = parse(`
hooks:
  - {command: ./tell --all, on: failure, timeout: 2m}
  - url: https://chat.example/hook
  - {url: "http://localhost:9/x", on: [pause, end]}
`)
    expect(hooks).toEqual([
      { command: './tell --all', directory: '/etc/fleet', on: ['failure'], timeout: 120_000 },
      {
        url: 'https://chat.example/hook',
        on: ['start', 'stage', 'pause', 'failure', 'end'],
        timeout: 10_000,
      },
      { url: 'http://localhost:9/x', on: ['pause', 'end'], timeout: 10_000 },
    ])
  })

  it('says which lists of others hosts block', () => {
    const { feeds } = parse(`
feeds:
  drop:
    url: https://lists.example/drop.netset
    format: netset
    refresh: 7d
    allow: [198.51.100.7, 2001:db8::/32]
    minEntries: 100
    maxEntries: 5000
    limit: web
  mine: {file: lists/mine, allow: 198.51.100.0/24}
`)
    expect(feeds).toEqual([
      {
        name: 'drop',
        source: { url: 'https://lists.example/drop.netset' },
        format: 'netset',
        refresh: 604_800_000,
        allow: ['198.51.100.7', '2001:db8::/32'],
        minEntries: 100,
        maxEntries: 5000,
        limit: 'web',
        at: { file: 'fleet.yml', line: 3 },
      },
      {
        name: 'mine',
        source: { file: '/etc/fleet/lists/mine' },
        format: 'plain',
        refresh: 3_600_000,
        allow: ['198.51.100.0/24'],
        maxEntries: 500_000,
        at: { file: 'fleet.yml', line: 11 },
      },
    ])
  })

  it('refuses an unknown name of a feed, with the nearest one and the line', () => {
    const findings = findingsOf('feeds:\n  drop:\n    file: x\n    formt: zone\n  b: {fle: x}\n')
    expect(
      findings.map(({ code, args, at }) => [code, args.name, args.within, args.nearest, at?.line]),
    ).toEqual([
      ['config-unknown-key', 'formt', 'feeds.drop', 'format', 4],
      ['config-unknown-key', 'fle', 'feeds.b', 'file', 5],
    ])
  })

  it('refuses an unknown name in an item of a list, with the nearest one and the line', () => {
    const findings = findingsOf('hooks:\n  - command: a\n  - url: https://b\n    timeot: 3s\n')
    expect(findings.map(({ args, at }) => [args.name, args.within, args.nearest, at?.line])).toEqual([
      ['timeot', 'hooks', 'timeout', 4],
    ])
  })

  it.each(['', '# nothing\n', 'roles:\nrollout:\nconcurrency:\n'])('may be empty: %j', text => {
    expect(parse(text)).toEqual({ roles: new Map(), concurrency: {} })
  })

  it('may be missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-config-'))
    expect(await readConfig(folder)).toEqual({ roles: new Map(), concurrency: {} })
    writeFileSync(join(folder, 'fleet.yml'), 'templates: roles\n')
    expect(await readConfig(folder)).toMatchObject({ templates: join(folder, 'roles') })
    rmSync(folder, { recursive: true })
  })

  it('refuses unknown names with the nearest one and the line, all of them at once', () => {
    const findings = findingsOf('templats: x\nrollout:\n  soack: 1s\nconcurrency:\n  host: 3\nzzz: 1\n')
    expect(findings.map(({ args, at }) => [args.name, args.within, args.nearest, at?.line])).toEqual([
      ['templats', '', 'templates', 1],
      ['soack', 'rollout', 'soak', 3],
      ['host', 'concurrency', 'hosts', 5],
      ['zzz', '', null, 6],
    ])
  })

  it.each([
    ['- a list', '1 config-wrong-value'],
    ['roles: [web]', '1 config-wrong-value roles'],
    ['roles:\n  web:\n    - {a: 1}', '2 config-wrong-value roles.web'],
    ['templates: 5', '1 config-wrong-value templates'],
    ["templates: ''", '1 config-wrong-value templates'],
    ['concurrency:\n  hosts: 0', '2 config-wrong-value concurrency.hosts'],
    ['concurrency:\n  hosts: 1.5', '2 config-wrong-value concurrency.hosts'],
    ['confirmTimeout: soon', '1 config-wrong-value confirmTimeout'],
    ['confirmTimeout: 3s', '1 config-wrong-value confirmTimeout'],
    ['confirmTimeout: 31m', '1 config-wrong-value confirmTimeout'],
    ['rollout:\n  stages: []', '2 config-wrong-value rollout.stages'],
    ['rollout:\n  stages:\n    - 1\n    - 200%', '4 config-wrong-value rollout.stages.1'],
    ['rollout:\n  onFailure: explode', '2 config-wrong-value rollout.onFailure'],
    ['rollout:\n  canaries: {web: 0}', '2 config-wrong-value rollout.canaries'],
    ['hooks: {command: a}', '1 config-wrong-value hooks'],
    ['hooks: [tell]', '1 config-wrong-value hooks.0'],
    ['hooks:\n  - on: [end]', '2 config-wrong-value hooks.0'],
    ['hooks:\n  - command: a\n    url: https://b', '2 config-wrong-value hooks.0'],
    ['hooks:\n  - command: a\n    on: ends', '3 config-wrong-value hooks.0.on'],
    ['hooks:\n  - command: a\n    on: [start, ends]', '3 config-wrong-value hooks.0.on'],
    ['hooks:\n  - command: a\n    on: []', '3 config-wrong-value hooks.0.on'],
    ['hooks:\n  - command: a\n    timeout: 6m', '3 config-wrong-value hooks.0.timeout'],
    ['hooks:\n  - url: http://chat.example/', '2 config-wrong-value hooks.0.url'],
    ['hooks:\n  - url: https://me:secret@chat.example/', '2 config-wrong-value hooks.0.url'],
    ['feeds: [drop]', '1 config-wrong-value feeds'],
    ['feeds:\n  a b: {file: x}', '2 config-wrong-value feeds.a b'],
    ['feeds:\n  drop: {}', '2 config-wrong-value feeds.drop'],
    ['feeds:\n  drop: {file: x, url: "https://a"}', '2 config-wrong-value feeds.drop'],
    ['feeds:\n  drop:\n    url: http://a', '3 config-wrong-value feeds.drop.url'],
    ['feeds:\n  drop:\n    url: https://me:secret@a', '3 config-wrong-value feeds.drop.url'],
    ['feeds:\n  drop:\n    file: x\n    format: html', '4 config-wrong-value feeds.drop.format'],
    ['feeds:\n  drop:\n    file: x\n    refresh: 30s', '4 config-wrong-value feeds.drop.refresh'],
    ['feeds:\n  drop:\n    file: x\n    allow: [10.0.0.0/33]', '4 config-wrong-value feeds.drop.allow.0'],
    ['feeds:\n  drop:\n    file: x\n    minEntries: 0', '4 config-wrong-value feeds.drop.minEntries'],
    ['feeds:\n  drop:\n    file: x\n    maxEntries: 1000001', '4 config-wrong-value feeds.drop.maxEntries'],
    ['rollout:\n  manual: 3', '2 config-wrong-value rollout.manual'],
    ['rollout:\n  notBefore: late', '2 config-wrong-value rollout.notBefore'],
    ['rollout:\n  hostTimeout: 0', '2 config-wrong-value rollout.hostTimeout'],
    ['rollout:\n  timeout: long', '2 config-wrong-value rollout.timeout'],
    ['rollout:\n  notBefore: 24:30', '2 config-wrong-value rollout.notBefore'],
    ['rollout:\n  notBefore: 22:75', '2 config-wrong-value rollout.notBefore'],
    ['rollout:\n  notAfter: 2026-02-30T10:00', '2 config-wrong-value rollout.notAfter'],
    ['rollout:\n  notAfter: 2026-01-31T10:00 or so', '2 config-wrong-value rollout.notAfter'],
    ['rollout:\n  gates: [{udp: 5}]', '2 config-unknown-key udp'],
    ['rollout:\n  gates:\n    - {tcp: 5, form: web1}', '3 config-unknown-key form'],
    ['rollout:\n  gates: [{from: web1}]', '2 config-wrong-value rollout.gates.0'],
    ['rollout:\n  gates: [{tcp: 70000}]', '2 config-wrong-value rollout.gates.0.tcp'],
    ['rollout:\n  gates: [{tcp: 80, timeout: 0s}]', '2 config-wrong-value rollout.gates.0.timeout'],
    ['rollout:\n  gates: [{prometheus: up, at: "http://"}]', '2 config-wrong-value rollout.gates.0.at'],
    ['journal: a\njournal: b', '2 config-duplicate-key'],
    ['journal: [a', '1 config-bad-yaml'],
  ])('refuses %j', (text, expected) => {
    expect(brief(text)).toEqual([expected])
  })

  it.each([
    '7:05',
    '22:30',
    '2026-01-31T22:30',
    '2026-01-31 22:30:15',
    '2024-02-29T22:30+02:00',
    '2026-01-31T22:30Z',
  ])('knows the moment %s', moment => {
    expect(parse(`rollout: {notBefore: "${moment}"}`).rollout).toEqual({ notBefore: moment })
  })

  it('has a sentence for each of these', () => {
    const codes = ['unknown: 1', 'journal: 5', 'feeds: {a b: {file: x}}', 'a: 1\na: 2', '[']
    for (const { code, args } of codes.flatMap(findingsOf)) {
      const sentence = (configSentences as Record<string, (a: typeof args) => string>)[code]?.(args)
      expect(sentence).toMatch(/\.$/)
      expect(sentence).not.toMatch(/undefined|null/)
    }
  })
})
