import { describe, expect, it } from 'vitest'
import { configSentences } from '../../../src/report/sentences/config.ts'
import { findingsOf } from './written.ts'

/** `line code argument` of each finding. */
const brief = (text: string) =>
  findingsOf(text).map(({ code, args, at }) => `${at?.line} ${code} ${String(args.name ?? '')}`.trim())

describe('fleet.yml', () => {
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
    ['concurrency:\n  startsPerBastion: 2', '2 config-not-yet startsPerBastion'],
    ['confirmTimeout: soon', '1 config-wrong-value confirmTimeout'],
    ['confirmTimeout: 3s', '1 config-wrong-value confirmTimeout'],
    ['confirmTimeout: 31m', '1 config-wrong-value confirmTimeout'],
    ['rollout:\n  stages: []', '2 config-wrong-value rollout.stages'],
    ['rollout:\n  stages: [3, 10%, 2]', '2 config-wrong-value rollout.stages'],
    ['rollout:\n  stages: [50%, 10%, 100%]', '2 config-wrong-value rollout.stages'],
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

  it('has a sentence for each of these', () => {
    const codes = [
      'unknown: 1',
      'concurrency: {startsPerBastion: 2}',
      'journal: 5',
      'feeds: {a b: {file: x}}',
      'a: 1\na: 2',
      '[',
    ]
    for (const { code, args } of codes.flatMap(findingsOf)) {
      const sentence = (configSentences as Record<string, (a: typeof args) => string>)[code]?.(args)
      expect(sentence).toMatch(/\.$/)
      expect(sentence).not.toMatch(/undefined|null/)
    }
  })
})
