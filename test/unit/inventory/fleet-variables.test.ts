import { describe, expect, it } from 'vitest'
import { fleetList } from '../../../src/inventory/fleet-variables.ts'
import { brief, findingsOf, read } from './folder.ts'

const list = async (variables: string, name: Parameters<typeof fleetList>[1]) => {
  const { inventory } = await read({ 'inventory.ini': 'h1\n', 'group_vars/all.yml': variables })
  const host = inventory.hosts.get('h1')
  return host && fleetList(host, name)
}

describe('fleetList', () => {
  it.each([
    ['fleet_roles: [base, web]', ['base', 'web']],
    ['fleet_roles: "base, web"', ['base', 'web']],
    ['fleet_roles: base', ['base']],
    ['fleet_roles: []', []],
    ['fleet_roles:', []],
    ['other: 1', undefined],
  ])('reads %s', async (variables, expected) => {
    expect(await list(variables, 'fleet_roles')).toEqual(expected)
  })

  it('refuses to use a vaulted or a Jinja value', async () => {
    await expect(list('fleet_management: ["{{ office }}"]', 'fleet_management')).rejects.toMatchObject({
      code: 'variable-opaque',
      args: { name: 'fleet_management', host: 'h1', kind: 'jinja' },
      at: { file: 'group_vars/all.yml', line: 1 },
    })
  })
})

describe('checks', () => {
  it.each([
    ['fleet_managment: [192.0.2.1]', 'fleet-variable-unknown'],
    ['fleet_roles: {a: 1}', 'fleet-variable-not-a-list'],
    ['fleet_roles: [1]', 'fleet-variable-not-a-list'],
    ['fleet_addresses: [web1.example.org]', 'fleet-variable-no-address'],
    ['fleet_management: 192.0.2.0/33', 'fleet-variable-no-address'],
  ])('refuses %s', async (variables, code) => {
    expect(brief(await findingsOf({ 'inventory.ini': 'h1', 'group_vars/all.yml': variables }))).toEqual([
      `group_vars/all.yml:1 ${code}`,
    ])
  })

  it('tells of a range once, and of the command line too', async () => {
    const findings = await findingsOf({ 'inventory.ini': 'h[1:9] fleet_x=1' }, ['fleet_y=1'])
    expect(brief(findings)).toEqual([
      'inventory.ini:1 fleet-variable-unknown',
      '--extra-vars fleet-variable-unknown',
    ])
  })

  it('lets a group override the groups above it, but no other group', async () => {
    const inventory =
      '[a]\nh1\n[b]\nh1\n[top:children]\na\n[top:vars]\nfleet_roles=x\n[a:vars]\nfleet_roles=y\n'
    expect(await findingsOf({ 'inventory.ini': inventory })).toEqual([])
    const clash = { 'inventory.ini': inventory, 'group_vars/b.yml': 'fleet_roles: [z]\n' }
    const [finding, ...others] = await findingsOf(clash)
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      code: 'fleet-roles-conflict',
      args: { host: 'h1', group: 'b', other: 'a', where: 'group_vars/b.yml:1' },
      at: { file: 'inventory.ini', line: 10 },
    })
    expect(await findingsOf({ ...clash, 'host_vars/h1': 'fleet_roles: [w]\n' })).toEqual([])
    expect(await findingsOf({ ...clash, 'group_vars/b.yml': 'fleet_roles: y\n' })).toEqual([])
  })
})
