import { describe, expect, it } from 'vitest'
import { checkGates, recallGates } from '../../../src/cli/gates.ts'
import { parseConfig } from '../../../src/config/config.ts'
import { FleetError } from '../../../src/model/error.ts'
import type { Event } from '../../../src/model/event.ts'
import { say } from '../../../src/report/say.ts'
import { type Gate, nameOf } from '../../../src/rollout/gates/gate.ts'
import { connectionTo } from '../connection.ts'

const hosts = ['web1', 'web2'].map(name => ({ name, groups: ['web'], variables: new Map() }))
const inventory = {
  hosts: new Map(hosts.map(host => [host.name, host])),
  groups: new Map(),
  hostSources: new Map(),
  directory: '',
}
const reach = (host: string) => connectionTo(host, host === 'web2' ? 'fd00::2' : '10.0.0.1')

/** What is said of the second gate. */
function said(gate: string, isOfFlag = false): string {
  const config = parseConfig(`rollout:\n  gates:\n    - {tcp: 80}\n    - ${gate}\n`, 'fleet.yml', '/etc')
  const gates = config.rollout?.gates ?? []
  try {
    checkGates(isOfFlag ? [...gates] : gates, { inventory, config, hosts, reach })
    return 'good'
  } catch (error) {
    if (error instanceof FleetError) return say(error.finding)
    throw error
  }
}

describe('a gate is read before anybody is contacted', () => {
  it('and has no place in fleet.yml where a flag says it', () => {
    expect(said('{tcp: 443, from: wbe1}', true)).toMatch(/^[^:]*wbe1.* Did you mean web1\?/)
  })

  it.each([
    [
      '{http: "https://{{host.adress}}/", on: db}',
      /^fleet\.yml:4: .*there is no adress\. Did you mean address\?/,
    ],
    ['{command: "ping {{hosts.name}}"}', /^fleet\.yml:4: .*there is no name\./],
    ['{command: "ping {{address}}"}', /there is no address\. .*\{\{host\.address\}\}/],
    ['{command: "ping {{host.name}"}', /^fleet\.yml:4: .*can't be filled in: Parse error/],
    [
      '{http: "htps://{{host.address}}/"}',
      /^fleet\.yml:4: The gate http htps:\/\/10\.0\.0\.1\/ can't be asked: .*Did you mean https:\/\/\?$/,
    ],
    ['{http: "{{host.address}}:8080/health"}', /^fleet\.yml:4: .* expected an address such as https:[^?]*$/],
    ['{http: "http://{{host.address}}:80800/"}', /^fleet\.yml:4: .*can't be asked/],
    ['{http: "http//{{host.address}}/"}', /^fleet\.yml:4: .*can't be asked/],
    ['{tcp: 443, from: wbe1}', /^fleet\.yml:4: .*Did you mean web1\?/],
  ])('%s', (gate, expected) => {
    expect(said(gate)).toMatch(expected)
  })

  it('and may speak of a host by name and address', () => {
    expect(said('{http: "http://{{host.address}}/{{host.name}}", from: web1}')).toBe('good')
    expect(said('{http: "HTTPS://{{host.name}}:8443/"}')).toBe('good')
    expect(said('{command: "test -e /{{host.name}}"}')).toBe('good')
  })
})

describe('gates of a run that is gone on with', () => {
  const up = { prometheus: 'up', at: 'http://127.0.0.1:1' }
  const elsewhere = { ...up, at: 'http://127.0.0.1:2' }

  it('share the connections to their prober', async () => {
    let open = 0
    let most = 0
    const connect = () => async () => {
      open += 1
      most = Math.max(most, open)
      await new Promise(resolve => setImmediate(resolve))
      open -= 1
      throw new FleetError('connect-timeout')
    }
    const gate = { tcp: 443, from: 'web1' }
    const names = Array.from({ length: 30 }, (_, at) => `web${at + 3}`)
    const before = new Map(names.map(name => [name, new Map([[nameOf(gate), 'pass' as const]])]))
    const own = names.map(name =>
      recallGates([gate], before, { inputs: { reach }, connect }, () => undefined)(name),
    )
    await Promise.all(own.map(async gates => gates?.after('applied')))
    expect(most).toBe(8)
  })

  /** What each gate was asked, once it was asked before and after the hosts that still come. */
  async function askedOf(host: string, gates: readonly Gate[], said: Record<string, 'pass' | 'fail'>) {
    const asked: string[] = []
    const hear = (event: Event) => {
      if (event.type === 'host-gate') asked.push(`${event.when} ${event.gate}`)
    }
    const connect = () => () => Promise.reject(new FleetError('connect-timeout'))
    const before = new Map([[host, new Map(Object.entries(said))]])
    const own = recallGates(gates, before, { inputs: { reach }, connect }, hear)(host)
    await own?.before()
    await own?.after('stage')
    return asked
  }

  it('hold what a query said then, and ask one that it was not asked then', async () => {
    expect(await askedOf('', [up], { [nameOf(up)]: 'pass' })).toEqual([`stage ${nameOf(up)}`])
    expect(await askedOf('', [up], { [nameOf(up)]: 'fail' })).toEqual([])
    const mended = { ...up, prometheus: 'up > bool 0' }
    expect(await askedOf('', [mended], { [nameOf(up)]: 'fail' })).toEqual([
      `before ${nameOf(mended)}`,
      `stage ${nameOf(mended)}`,
    ])
  })

  it('take the same query at another server for another gate', async () => {
    expect(await askedOf('', [up, elsewhere], { [nameOf(up)]: 'fail' })).toEqual([
      `before ${nameOf(elsewhere)}`,
      `stage ${nameOf(elsewhere)}`,
    ])
  })

  it('never judge a host by what it says of its new rules alone', async () => {
    const [known, added] = [{ tcp: 1 }, { tcp: 2 }]
    expect(await askedOf('web1', [known, added], { [nameOf(known)]: 'pass' })).toEqual(['stage tcp 1'])
  })
})
