import { describe, expect, it } from 'vitest'
import { checkGates } from '../../../src/cli/gates.ts'
import { parseConfig } from '../../../src/config/config.ts'
import { FleetError } from '../../../src/model/error.ts'
import { say } from '../../../src/report/say.ts'

const hosts = ['web1', 'web2'].map(name => ({ name, groups: ['web'], variables: new Map() }))
const inventory = {
  hosts: new Map(hosts.map(host => [host.name, host])),
  groups: new Map(),
  hostSources: new Map(),
  directory: '',
}
const reach = (host: string) => ({
  host,
  address: host === 'web2' ? 'fd00::2' : '10.0.0.1',
  port: 22,
  user: 'root',
  become: false,
  hostKeyChecking: 'strict' as const,
  knownHostsFiles: [],
  connectTimeout: 1000,
})

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
