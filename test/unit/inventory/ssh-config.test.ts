import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findSshConfigEffects } from '../../../src/inventory/ssh-config.ts'
import type { Host } from '../../../src/model/host.ts'
import type { Value } from '../../../src/model/value.ts'
import { makeFolder } from './folder.ts'

const at = { file: 'i', line: 1 }
function host(name: string, variables: Readonly<Record<string, Value>> = {}): Host {
  const entries = Object.entries(variables).map(([key, value]) => [key, { value, at }] as const)
  return { name, groups: [], variables: new Map(entries) }
}

async function effects(config: string, hosts: readonly Host[], files: Readonly<Record<string, string>> = {}) {
  const home = makeFolder({ '.ssh/config': config, ...files })
  const findings = await findSshConfigEffects(hosts, home)
  return findings.map(({ code, args, at }) => {
    const what = code === 'ssh-config-ignored' ? `${String(args.keyword)} ${String(args.value)}` : code
    const names = Array.isArray(args.hosts) ? ` ${args.hosts.join(',')}` : ''
    return `${at?.file.replace(home, '~')}:${at?.line} ${what}${names}`
  })
}

it('names each entry that would lead elsewhere, with its line and its hosts', async () => {
  const config = `
# comment
Host web*
  HostName 192.0.2.1
  Port=2222
  User deploy
  IdentityFile ~/.ssh/id

Host *
    ProxyJump bastion.example.org
    ServerAliveInterval 10
`
  expect(await effects(config, [host('web1'), host('web2'), host('db1')])).toEqual([
    '~/.ssh/config:4 HostName 192.0.2.1 web1,web2',
    '~/.ssh/config:5 Port 2222 web1,web2',
    '~/.ssh/config:6 User deploy web1,web2',
    '~/.ssh/config:10 ProxyJump bastion.example.org web1,web2,db1',
  ])
})

it('is silent about what changes nothing', async () => {
  const config = 'Host *\n HostName %h\n Port 22\n ProxyJump none\n ProxyCommand none\nHost other\n User x\n'
  expect(await effects(config, [host('web1')])).toEqual([])
})

it('is silent about what the inventory says itself', async () => {
  const said = host('web1', { ansible_host: 'a.example.org', ansible_port: 22, ansible_user: 'root' })
  expect(await effects('Host *\n User x\n Port 23\n', [said])).toEqual([])
  expect(await effects('Host a.example.org\n HostName b\n', [said])).toEqual([
    '~/.ssh/config:2 HostName b web1',
  ])
})

it('follows the first of several, and negated patterns', async () => {
  const config = 'Host web1\n User first\nHost * !web2\n User second\n'
  expect(await effects(config, [host('web1'), host('web2'), host('db1')])).toEqual([
    '~/.ssh/config:2 User first web1',
    '~/.ssh/config:4 User second db1',
  ])
})

it('runs nothing, and takes a Match that it cannot decide for one that may hold', async () => {
  const mark = join(makeFolder({}), 'ran')
  const config = `Match exec "touch ${mark}"\n  User risky\nMatch host db*\n  Port 9\nHost *\n  CanonicalizeHostName yes\n`
  expect(await effects(config, [host('web1')])).toEqual(['~/.ssh/config:2 User risky web1'])
  expect(existsSync(mark)).toBe(false)
})

it('follows Include, and says where it cannot', async () => {
  const config = 'Include conf.d/*.conf\nHost web1\n Include ~/.ssh/more\nInclude */x\n'
  const files = { '.ssh/conf.d/a.conf': 'Host *\n User fromdir\n', '.ssh/more': 'Port 2022\n' }
  expect(await effects(config, [host('web1'), host('db1')], files)).toEqual([
    '~/.ssh/config:4 ssh-config-include',
    '~/.ssh/conf.d/a.conf:2 User fromdir web1,db1',
    '~/.ssh/more:1 Port 2022 web1',
  ])
})

it('survives a file that includes itself, one that is broken, and none', async () => {
  expect(await effects('Include config\nUser x\n', [host('a')])).toContain('~/.ssh/config:2 User x a')
  expect(await effects('Host "a\n', [host('a')])).toEqual(['~/.ssh/config:undefined ssh-config-unreadable'])
  expect(await findSshConfigEffects([host('a')], makeFolder({}))).toEqual([])
})
