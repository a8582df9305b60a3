import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readInventory } from '../../../src/inventory/read.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import { inventorySentences } from '../../../src/report/sentences/inventory.ts'
import { brief, findingsOf, makeFolder, read } from './folder.ts'

describe('readInventory', () => {
  it('reads hosts, groups, variables with their places, and where things lie', async () => {
    const folder = makeFolder({
      'hosts/inventory.ini': '[web]\nweb1 a=1\n',
      'hosts/group_vars/web.yml': '# c\nb:\n  - 2\n',
      'hosts/host_vars/web1/x.yml': 'c: 3\n',
    })
    const { inventory, findings } = await readInventory({
      sources: ['hosts/inventory.ini'],
      extraVars: ['d=4'],
      cwd: folder,
    })
    expect(findings).toEqual([])
    expect(inventory.directory).toBe(`${folder}/hosts`)
    expect(inventory.hostSources.get('web1')).toEqual({ file: 'hosts/inventory.ini', line: 2 })
    expect(inventory.hosts.get('web1')).toEqual({
      name: 'web1',
      groups: ['web'],
      variables: new Map([
        ['b', { value: [2], at: { file: 'hosts/group_vars/web.yml', line: 2 } }],
        ['a', { value: 1, at: { file: 'hosts/inventory.ini', line: 2 } }],
        ['c', { value: 3, at: { file: 'hosts/host_vars/web1/x.yml', line: 1 } }],
        ['d', { value: '4', at: { file: '--extra-vars' } }],
      ]),
    })
    expect(inventory.groups.get('web')).toEqual({
      name: 'web',
      hosts: ['web1'],
      children: [],
      depth: 1,
      priority: 1,
    })
  })

  it('puts a list of hosts into ungrouped and looks for fleet.yml here', async () => {
    const { inventory } = await readInventory({ sources: ['h1,h2:2222,'], cwd: '/tmp' })
    expect([...inventory.hosts.values()].map(({ name, groups }) => [name, groups])).toEqual([
      ['h1', ['ungrouped']],
      ['h2', ['ungrouped']],
    ])
    expect(inventory.directory).toBe('/tmp')
  })

  it('measures depth by the longest way', async () => {
    const { inventory } = await read({
      'inventory.ini': '[c]\nh\n[a:children]\nb\nc\n[b:children]\nc\n',
    })
    expect(inventory.hosts.get('h')?.groups).toEqual(['a', 'b', 'c'])
    expect(inventory.groups.get('c')?.depth).toBe(3)
  })

  it('tells everything that is wrong, in all the files, with file and line', async () => {
    const findings = await findingsOf(
      {
        'inventory.ini': 'h1 x\n[web]\nh2\n[wbe:children]\nlost\n[nobody:vars]\na=1\n',
        'group_vars/web.yml': 'a: 1\na: 2\n',
        'group_vars/all.yml': 'a: [1\nb: 2\n',
        'host_vars/h2.yml': 'fleet_rolse: [web]\n',
      },
      ['oops'],
    )
    expect(brief(findings).sort()).toEqual([
      '--extra-vars extra-vars-bad-word',
      'group_vars/all.yml:2 vars-bad-yaml',
      'group_vars/web.yml:2 vars-duplicate-key',
      'host_vars/h2.yml:1 fleet-variable-unknown',
      'inventory.ini:1 inventory-bad-assignment',
      'inventory.ini:5 inventory-undeclared-child',
      'inventory.ini:6 inventory-variables-only',
    ])
    expect(findings.find(({ code }) => code === 'fleet-variable-unknown')?.args.nearest).toBe('fleet_roles')
  })

  it.each([
    ['a cycle', '[a]\n[b]\n[a:children]\nb\n[b:children]\na\n', ':6 inventory-group-cycle'],
    ['a group in itself', '[a]\n[a:children]\na\n', ':3 inventory-group-cycle'],
    ['a host named like a group', '[web]\nweb a=1\n', ':2 inventory-host-is-group'],
    [
      'a priority that is no number',
      '[a]\nh\n[a:vars]\nansible_group_priority=high\n',
      ':4 inventory-bad-priority',
    ],
    ['a port that is not used', '[a]\nh1\n[b]\nh1:2222\n', ':4 inventory-port-ignored'],
    [
      'one host under two names',
      'h1 ansible_host=192.0.2.1\nh2 ansible_host=192.0.2.1\n',
      ':2 inventory-shared-address',
    ],
  ])('tells of %s', async (_, text, expected) => {
    expect(brief(await findingsOf({ 'inventory.ini': text }))).toEqual([`inventory.ini${expected}`])
  })

  it('takes the same address with another port for another host', async () => {
    const text = 'h1 ansible_host=192.0.2.1\nh2 ansible_host=192.0.2.1 ansible_port=2222\n'
    expect(await findingsOf({ 'inventory.ini': text })).toEqual([])
  })

  it.each([
    ['hosts.toml', '[web]', 'toml'],
    ['hosts', '#!/bin/sh\necho', 'script'],
    ['hosts', '$ANSIBLE_VAULT;1.1;AES256', 'vault'],
  ])('cannot read %s %j yet', async (name, text, kind) => {
    const refused = readInventory({ sources: [name], cwd: makeFolder({ [name]: text }) })
    const args = { file: name, kind }
    await expect(refused).rejects.toMatchObject({ findings: [{ code: 'inventory-not-yet', args }] })
  })

  it('says that an inventory is not there', async () => {
    await expect(readInventory({ sources: ['web'], cwd: '/tmp' })).rejects.toMatchObject({
      findings: [{ code: 'inventory-missing', args: { file: 'web' } }],
    })
    await expect(readInventory({ sources: ['.'], cwd: makeFolder({ 'a.ini': 'h' }) })).rejects.toMatchObject({
      findings: [{ code: 'inventory-empty-folder' }],
    })
  })

  it('says that a file cannot be read', async () => {
    const folder = makeFolder({ 'inventory.ini': '[web]\nh\n', 'group_vars/all.yml': '' })
    rmSync(`${folder}/inventory.ini`)
    symlinkSync('/proc/self/mem', `${folder}/inventory.ini`)
    await expect(readInventory({ sources: ['inventory.ini'], cwd: folder })).rejects.toMatchObject({
      findings: [{ code: 'file-unreadable', at: { file: 'inventory.ini' } }],
    })
  })

  it('reads Latin-1 in comments and nowhere else', async () => {
    const folder = makeFolder({ 'inventory.ini': '' })
    writeFileSync(`${folder}/inventory.ini`, Buffer.from('# caf\xe9\nh1\n', 'latin1'))
    const { inventory } = await readInventory({ sources: ['inventory.ini'], cwd: folder })
    expect([...inventory.hosts.keys()]).toEqual(['h1'])
    writeFileSync(`${folder}/inventory.ini`, Buffer.from('h1\nh2 a=caf\xe9\n', 'latin1'))
    const refused = await readInventory({ sources: ['inventory.ini'], cwd: folder }).catch(
      (error: unknown) => error,
    )
    expect(refused instanceof FleetErrors && brief(refused.findings)).toEqual([
      'inventory.ini:2 inventory-not-utf8',
    ])
  })

  it('accepts a byte order mark', async () => {
    const { inventory } = await read({ 'inventory.ini': '\uFEFF[web]\nh1\n' })
    expect(inventory.groups.get('web')?.hosts).toEqual(['h1'])
  })
})

describe('files of variables', () => {
  it('tells of files that are passed over', async () => {
    const findings = await findingsOf({
      'inventory.ini': '[web]\nweb1\nweb2\n',
      'group_vars/web/a.yml': 'a: 1',
      'group_vars/web.yml': 'a: 2',
      'group_vars/wbe.yml': 'a: 3',
      'group_vars/elsewhere.yml': 'a: 3',
      'host_vars/web3.yml': 'a: 3',
    })
    expect(brief(findings).sort()).toEqual([
      'group_vars/wbe.yml vars-file-unused',
      'group_vars/web.yml vars-file-shadowed',
    ])
  })

  it.each([
    ['$ANSIBLE_VAULT;1.1;AES256\n61', 'vars-vaulted-file'],
    ['- a\n- b\n', 'vars-not-a-mapping'],
    ['text', 'vars-not-a-mapping'],
    ['a: 1\n---\nb: 2\n', 'vars-several-documents'],
    ['a: !include x\n', 'vars-unknown-tag'],
    ['a: !!int x\n', 'vars-wrong-tag'],
    ['a: {b: 1, b: 2}\n', 'vars-duplicate-key'],
    ['{"a": 1, "a": 2}', 'vars-duplicate-key'],
    ['a: [~, , 1]\n', 'vars-bad-yaml'],
    ['a: 22:33\n', 'vars-sexagesimal'],
    ['ansible_group_priority: 5\n', 'vars-priority-ignored'],
    ['? [a]\n: 1\n', 'vars-bad-key'],
  ])('%j is %s', async (text, code) => {
    const findings = await findingsOf({ 'inventory.ini': '[web]\nh\n', 'group_vars/web.yml': text })
    expect(findings.map(finding => finding.code)).toEqual([code])
  })

  it.each(['', '# nothing\n', '---\n', '{}', 'null'])('%j is empty', async text => {
    expect(await findingsOf({ 'inventory.ini': '[web]\nh\n', 'group_vars/web.yml': text })).toEqual([])
  })

  it('survives a bomb of aliases', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)
    const { inventory } = await read({
      'inventory.ini': 'h',
      'group_vars/all.yml': `a0: &a0 x\n${lines.join('\n')}\n`,
    })
    expect(inventory.hosts.get('h')?.variables.size).toBe(41)
  })
})

describe('sentences', () => {
  it('say what to do, with nothing left out', async () => {
    const findings = await findingsOf(
      {
        'inventory.ini': 'h1 x\n[web]\nweb a="\n[wbe:children]\nwebb\n[a:vars]\nx\n[a:foo]\nh[3:1]\n[c ]\n',
        'group_vars/web.yml': 'fleet_role: [x]\nfleet_roles: {a: 1}\nfleet_addresses: [web1]\nx: 22:33\n',
      },
      ['/etc/vars', '@nothing', 'x'],
    )
    expect(findings.length).toBeGreaterThan(10)
    for (const { code, args } of findings) {
      const table: Readonly<Record<string, (a: typeof args) => string>> = inventorySentences
      expect(`${code}: ${table[code]?.(args)}`).toMatch(/[^ ][.?"]$|^A quote/)
      expect(`${code}: ${table[code]?.(args)}`).not.toMatch(/undefined|null|object/)
    }
  })
})
