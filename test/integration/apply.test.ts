import { describe, expect, it } from 'vitest'
import { FAMILIES, type Family } from '../../src/model/family.ts'
import { acceptedConnections, hostRules } from './hosts/rules.ts'
import { makeSite, type Running, type Site, step } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

const lab = useTestLab('apply', ['web1', 'web2', { name: 'db1', systemd: true }], { packages: true })
const HOSTS = ['web1', 'web2', 'db1']

const site = () =>
  makeSite(lab(), ['[web]', 'web1', 'web2', '[db]', 'db1'], {
    'group_vars/web.yml': 'http_ports: [80, 443]\n',
    'group_vars/db.yml': 'db_from: [group:web]\n',
  })

const each = async <T>(work: (host: string) => Promise<T>) =>
  Object.fromEntries(await Promise.all(HOSTS.map(async host => [host, await work(host)] as const)))

const connections = () => each(host => acceptedConnections(lab().host(host)))
const rules = () => each(async host => FAMILIES.map(family => hostRules(lab().host(host), family)))

/** Connections that met the new rules in force: one, unless it began too early to prove anything (a slow machine). */
const looks = ({ events }: Running, host: string) => events.filter(step(host, 'applied')).length

/** What `fleet render` prints of one host and family, loaded and saved by the host's own tools, where nothing else is. */
async function renderedRules(at: Site, host: string, family: Family): Promise<string> {
  const { stdout } = await at.fleet('render', 'inventory.ini', '-l', host)
  const [, four = '', six = ''] = stdout.split(/^# ip6?tables$/m)
  const program = family === 4 ? 'iptables' : 'ip6tables'
  const script = `unshare -n sh -c '${program}-restore && ${program}-save'`
  const {
    code,
    stdout: saved,
    stderr,
  } = await lab()
    .host(host)
    .exec(script, family === 4 ? four : six)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return saved.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')
}

describe('apply', () => {
  it('brings new hosts to their rules for good, over one connection that arms and one that confirms', async () => {
    const at = await site()
    const running = at.start('apply', 'inventory.ini')
    expect(await running.verdict()).toEqual({ code: 0, hosts: await each(async () => 'persisted') })
    expect(await connections()).toEqual(await each(async host => 1 + looks(running, host)))
    for (const host of HOSTS)
      for (const family of FAMILIES)
        expect(await hostRules(lab().host(host), family)).toBe(await renderedRules(at, host, family))
  })

  it('finds nothing to do the second time, over one connection each', async () => {
    const before = await connections()
    const had = await rules()
    const { code, stdout } = await (await site()).fleet('apply', 'inventory.ini')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3 hosts: unchanged\n' })
    expect(await connections()).toEqual(await each(async host => (before[host] ?? 0) + 1))
    expect(await rules()).toEqual(had)
  })

  it('changes what changed, and asks the others once', async () => {
    const before = await connections()
    const at = await site()
    await at.write({ 'group_vars/web.yml': 'http_ports: [80, 443, 8443]\n' })
    const running = at.start('apply', 'inventory.ini')
    const hosts = { web1: 'persisted', web2: 'persisted', db1: 'unchanged' }
    expect(await running.verdict()).toEqual({ code: 0, hosts })
    expect(await connections()).toEqual(
      await each(async host => (before[host] ?? 0) + 1 + looks(running, host)),
    )
    expect([looks(running, 'web1') > 0, looks(running, 'db1')]).toEqual([true, 0])
    expect(await hostRules(lab().host('web1'))).toContain('--dports 80,443,8443 ')
  })

  it.each(['web1', 'db1'])('%s boots with the rules that were confirmed', async name => {
    const host = lab().host(name)
    const live = await Promise.all(FAMILIES.map(family => hostRules(host, family)))
    await host.unplug()
    await host.boot()
    expect(await Promise.all(FAMILIES.map(family => hostRules(host, family)))).toEqual(live)
  })
})
