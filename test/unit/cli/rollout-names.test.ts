import { describe, expect, it } from 'vitest'
import type { Flags } from '../../../src/cli/command.ts'
import { idle, unknownNames } from '../../../src/cli/rollout-names.ts'
import { parseConfig } from '../../../src/config/config.ts'
import type { Rollout } from '../../../src/config/rollout.ts'
import type { Inventory } from '../../../src/inventory/inventory.ts'
import { say } from '../../../src/report/say.ts'

const group = (name: string) => ({ name, hosts: [], children: [], depth: 1, priority: 1 })
const inventory: Inventory = {
  hosts: new Map([
    [
      'web1',
      {
        name: 'web1',
        groups: ['webservers'],
        variables: new Map([['rack', { value: 'a', at: { file: 'inventory.ini' } }]]),
      },
    ],
  ]),
  groups: new Map(['all', 'webservers'].map(name => [name, group(name)])),
  hostSources: new Map(),
  directory: '',
}

const CONFIG = parseConfig(
  `rollout:
  spread: rak
  canaries: {webserver: 1, web: 2}
  maxParallel: {all: 3, dbb: 1}
  gates:
    - {tcp: 80}
    - {tcp: 443, on: wbe}
`,
  'fleet.yml',
  '/etc',
)

const said = (rollout = CONFIG.rollout ?? {}, flags: Flags = {}) =>
  unknownNames(rollout, { config: CONFIG, inventory }, flags, () => ['web', 'db']).map(finding =>
    say(finding),
  )

describe('a name that a rollout goes by', () => {
  it('and that nothing has is told of, with the place and the nearest that there is', () => {
    expect(said()).toEqual([
      expect.stringMatching(/^fleet\.yml:3: .*canaries speaks of webserver,.* Did you mean webservers\?$/),
      expect.stringMatching(/^fleet\.yml:4: .*maxParallel speaks of dbb,.* Did you mean db\?$/),
      expect.stringMatching(/^fleet\.yml:7: .*gates speaks of wbe,.* Did you mean web\?$/),
      expect.stringMatching(/^fleet\.yml:2: .*spread speaks of a variable rak,.* Did you mean rack\?$/),
    ])
  })

  it('has no place where a flag says it', () => {
    const [first, ...more] = said({ canaries: { dbs: 1 } })
    expect(first).toMatch(/^canaries speaks of dbs,.* Did you mean db\?$/)
    expect(more).toEqual([])
  })

  it('is told of by the name of the flag that says it', () => {
    const gates: Rollout['gates'] = [{ tcp: 443, on: 'dbb' }]
    const rollout: Rollout = { gates, canaries: { dbb: 1 }, maxParallel: { dbb: 1 }, spread: 'rak' }
    const flags = {
      gate: ['{tcp: 443, on: dbb}'],
      canary: ['dbb=1'],
      'max-parallel': ['dbb=1'],
      spread: 'rak',
    }
    const words = said(rollout, flags).map(sentence => sentence.split(' ')[0])
    expect(words).toEqual(['--canary', '--max-parallel', '--gate', '--spread'])
  })

  it('is no matter of stages: whoever wants to be asked is told where there is only one', () => {
    const codes = (rollout: Rollout) => idle(rollout, {}).map(({ code }) => code)
    expect(codes({ manual: true })).toEqual(['rollout-manual-alone'])
    expect(codes({ manual: true, stages: ['100%'] })).toEqual(['rollout-manual-alone'])
    expect(codes({ manual: true, stages: [1, '100%'] })).toEqual([])
    expect(codes({ manual: true, canaries: { web: 1 } })).toEqual([])
    expect(codes({ stages: ['100%'] })).toEqual([])
  })

  it('is no matter of who may be passed over: whoever limits that is told where nobody is', () => {
    const told = (rollout: Rollout, flags = {}) => idle(rollout, flags).map(say)
    expect(told({ maxSkipped: 5 })[0]).toMatch(/^maxSkipped has no effect/)
    expect(told({ maxSkipped: 5, unreachable: 'abort' }, { 'max-skipped': '5' })[0]).toMatch(
      /^--max-skipped /,
    )
    expect(told({ maxSkipped: 5, unreachable: 'skip' })).toEqual([])
    expect(told({ unreachable: 'skip' })).toEqual([])
  })

  it('is a group, a role or a variable', () => {
    expect(said({ canaries: { db: 1 }, maxParallel: { webservers: 2 }, spread: 'rack' })).toEqual([])
    expect(said({})).toEqual([])
  })
})
