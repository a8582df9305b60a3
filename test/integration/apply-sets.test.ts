import { expect, it } from 'vitest'
import type { LabHost } from '../../src/lab/host.ts'
import { inForce } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* Lists of sources that are too long for rules of their own, and become sets. */

const lab = useTestLab('apply-sets', ['light', { name: 'sys', systemd: true }], { packages: true })

const MANY = Array.from({ length: 20 }, (_, at) => [
  `203.0.113.${at * 2}`,
  `2001:db8:${at + 1}::${at}`,
]).flat()
const NETS = ['198.51.100.0/25', '192.0.2.3-192.0.2.6', '2001:db8:beef::/48', '2001:DB8:0:0::1']

const site = (name: string, blocked: readonly string[]) =>
  makeSite(lab(), ['[web]', name], {
    'fleet.yml': 'roles:\n  web: [blocklist, web]\n',
    'group_vars/web.yml': `blocked:\n${blocked.map(source => `  - "${source}"\n`).join('')}`,
  })
const apply = async (name: string, blocked: readonly string[], ...args: readonly string[]) =>
  (await (await site(name, blocked)).start('apply', 'inventory.ini', ...args).verdict()) satisfies object

/** The members of all sets, without the names, which change with them. */
async function members(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await host.exec('ipset save')
  return (stdout.match(/^add .*$/gm) ?? []).map(line => line.split(' ')[2] ?? '').toSorted()
}

it.concurrent.each(['light', 'sys'])('sets are made, changed, taken back and booted (%s)', async name => {
  const host = lab().host(name)
  const end = (state: string, code = 0) => ({ code, hosts: { [name]: state } })

  expect(await apply(name, [...MANY, ...NETS])).toEqual(end('persisted'))
  const first = await members(host)
  for (const member of [
    '203.0.113.38',
    '198.51.100.0/25',
    '192.0.2.4/31',
    '2001:db8:beef::/48',
    '2001:db8::1',
  ])
    expect(first).toContain(member)
  expect(await apply(name, [...MANY, ...NETS])).toEqual(end('unchanged'))

  expect(await apply(name, [...MANY, '198.51.100.0/26'])).toEqual(end('persisted'))
  const second = await members(host)
  expect(second).toContain('198.51.100.0/26')
  expect(second).not.toContain('198.51.100.0/25')
  const live = await inForce(host)

  const lockout = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', name, '--confirm-timeout', '4']
  expect(await apply(name, [...MANY, '198.51.100.0/27'], ...lockout)).toEqual(end('reverted: rolled-back', 3))
  expect(await members(host)).toEqual(second)
  expect(await inForce(host)).toEqual(live)

  await host.unplug()
  await host.boot()
  expect(await members(host)).toEqual(second)
  expect(await inForce(host)).toEqual(live)

  expect(await apply(name, [])).toEqual(end('persisted'))
  expect(await members(host)).toEqual([])
})
