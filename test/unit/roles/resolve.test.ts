import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { type RoleMapping, resolveRoles } from '../../../src/roles/resolve.ts'
import { makeHost, openFiles, WRITTEN } from './fixture.ts'

const FLEET = { file: 'fleet.yml', line: 3 }
const map = (entries: Record<string, string[]>): RoleMapping =>
  new Map(Object.entries(entries).map(([group, roles]) => [group, { roles, at: FLEET }]))

const resolve = (host: Host, mapping: RoleMapping = new Map(), files: Record<string, string> = {}) =>
  resolveRoles(host, { mapping, templates: openFiles(files) })

const names = (host: Host, mapping?: RoleMapping, files?: Record<string, string>) =>
  resolve(host, mapping, files).roles.map(({ name, from }) => `${name} (${from})`)

describe('the roles of a host', () => {
  it('are base, its groups in their order, and final', () => {
    expect(names(makeHost('h', ['db', 'other', 'web']))).toEqual([
      'base (base)',
      'db (group db)',
      'web (group web)',
      'final (final)',
    ])
  })

  it('are what roles: of fleet.yml says of a group, once each', () => {
    const mapping = map({ servers: ['blocklist', 'web'], webservers: ['web', 'final'], db: [] })
    expect(names(makeHost('h', ['servers', 'webservers', 'db']), mapping)).toEqual([
      'blocklist (group servers)',
      'base (base)',
      'web (group servers)',
      'final (final)',
    ])
  })

  it('are just fleet_roles where it is said', () => {
    const host = makeHost('h', ['web'], { fleet_roles: ['base', 'blocklist', 'db', 'base'] })
    expect(names(host)).toEqual(['base (fleet_roles)', 'blocklist (fleet_roles)', 'db (fleet_roles)'])
    expect(resolve(makeHost('h', [], { fleet_roles: [] })).findings).toMatchObject([
      { code: 'fleet-roles-empty', at: WRITTEN },
    ])
  })

  it('never come from groups called all, ungrouped, base or final, nor by roles: for those', () => {
    expect(names(makeHost('h', ['ungrouped', 'base', 'final']), undefined, { ungrouped: '' })).toEqual([
      'base (base)',
      'final (final)',
    ])
    expect(resolve(makeHost('h', []), map({ all: ['web'] })).findings).toMatchObject([
      { code: 'role-mapping-reserved', args: { group: 'all' }, at: FLEET },
    ])
  })

  it('leave out a template with byGroup: false, and say so; roles: takes it', () => {
    const resolved = resolve(makeHost('h', ['egress']))
    expect(resolved.roles).toHaveLength(2)
    expect(resolved.findings).toMatchObject([
      { code: 'role-not-by-group', severity: 'note', args: { group: 'egress' } },
    ])
    expect(names(makeHost('h', ['egress']), map({ egress: ['egress'] }))).toContain('egress (group egress)')
  })

  it('begin with those that say order: first', () => {
    const files = { early: '---\norder: first\n---\n' }
    expect(names(makeHost('h', ['web', 'early']), undefined, files)).toEqual([
      'early (group early)',
      'base (base)',
      'web (group web)',
      'final (final)',
    ])
  })

  it('that no template makes are an error with the nearest and the place', () => {
    expect(resolve(makeHost('h', ['w']), map({ w: ['wbe'] })).findings).toMatchObject([
      { code: 'role-unknown', args: { name: 'wbe', nearest: 'web' }, at: FLEET },
    ])
    const listed = resolve(makeHost('h', [], { fleet_roles: ['base', 'blocklst'] }))
    expect(listed.findings).toMatchObject([
      { code: 'role-unknown', args: { nearest: 'blocklist' }, at: WRITTEN },
    ])
  })

  it('come from the earlier folder', () => {
    const templates = openFiles({ web: '*filter\nCOMMIT\n' })
    expect(templates.get('web')?.template?.file).toBe('my/web.hbs')
    expect(templates.get('db')?.template?.file).toBe('templates/db.hbs')
    expect(templates.get('web')).toBe(templates.get('web'))
  })
})
