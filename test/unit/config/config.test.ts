import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/read.ts'
import { parse } from './written.ts'

describe('fleet.yml', () => {
  it('says everything, with paths relative to the file', () => {
    const config = parse(`
inventory: [hosts.ini, 'h1,h2,']
templates: ../templates
journal: /var/log/fleet
roles:
  webservers: [web, ftp]
  dbservers: db
concurrency: {hosts: 10, starts: 5, open: 100}
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
      concurrency: { hosts: 10, starts: 5, open: 100 },
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
  mine: {file: lists/mine, allow: 198.51.100.0/24, block: true}
  nl: {file: nl, format: zone, block: false}
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
      {
        name: 'nl',
        source: { file: '/etc/fleet/nl' },
        format: 'zone',
        refresh: 3_600_000,
        allow: [],
        maxEntries: 500_000,
        isForRoles: true,
        at: { file: 'fleet.yml', line: 12 },
      },
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
})
