import { beforeAll, describe, expect, it } from 'vitest'
import { foreignLines, startDocker, startFail2ban } from '../integration/hosts/foreign.ts'
import { becomes, generationOf } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { hostRules, inForce } from '../integration/hosts/rules.ts'
import { makeSite } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Chains and rules that Docker and fail2ban make, before fleet comes and while it is at work: theirs to the byte. */

const lab = useTestLab('foreign', ['before', 'within', 'kept', 'later', { name: 'sys', systemd: true }], {
  packages: true,
})
const WITHOUT = ['within', 'kept', 'later']

/** Who is banned is so before anything of fleet's lets him in. */
const BANS_FIRST =
  /(?<!^-A INPUT .*\n)^-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A INPUT -i lo -j ACCEPT$/m

const GATEWAY = '---\nrole: A gateway.\n---\n*filter\n-A FORWARD -i wg0 -j ACCEPT\nCOMMIT\n'

const site = (names: readonly string[], ports = '[80]') =>
  makeSite(lab(), ['[web]', ...names, '[gateway]', 'later'], {
    'group_vars/web.yml': `http_ports: ${ports}\n`,
    'templates/gateway.hbs': GATEWAY,
  })
const apply = async (names: readonly string[], ports?: string, ...args: readonly string[]) =>
  (await site(names, ports)).start(
    'apply',
    'inventory.ini',
    '-l',
    names.join(','),
    '--connect-timeout',
    '3',
    ...args,
  )
const persisted = (...names: readonly string[]) => ({
  code: 0,
  hosts: Object.fromEntries(names.map(name => [name, 'persisted'])),
})

async function startBoth(name: string): Promise<readonly string[]> {
  await startDocker(lab().host(name))
  await startFail2ban(lab().host(name))
  return foreignLines(lab().host(name))
}

beforeAll(async () => {
  await (await site(WITHOUT)).mustApply()
})

describe.concurrent('chains of Docker and fail2ban', () => {
  it.each(['before', 'sys'])(
    'that were there first stay, through apply, rollback and reboot (%s)',
    async name => {
      const host = lab().host(name)
      const theirs = await startBoth(name)
      expect(await (await apply([name])).verdict()).toEqual(persisted(name))
      expect(await foreignLines(host)).toEqual(theirs)
      expect(await hostRules(host)).toMatch(/^:INPUT DROP$/m)
      expect(await hostRules(host)).toMatch(BANS_FIRST)
      expect(await hostRules(host)).toMatch(/^:FORWARD DROP$/m)

      const live = await inForce(host)
      const lockout = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', name, '--confirm-timeout', '4']
      const reverted = await (await apply([name], '[80]', ...lockout)).verdict()
      expect(reverted).toEqual({ code: 3, hosts: { [name]: 'reverted: rolled-back' } })
      expect(await inForce(host)).toEqual(live)

      await host.unplug()
      await host.boot()
      expect(await foreignLines(host)).toEqual([])
      expect(await hostRules(host)).toMatch(/--dports? 80 /)
      expect(await startBoth(name)).toEqual(theirs)
      expect(await (await apply([name])).verdict()).toEqual({ code: 0, hosts: { [name]: 'unchanged' } })
      expect(await inForce(host)).toEqual(live)
    },
  )

  it('that come in the window stay when the change is rolled back', async () => {
    const host = lab().host('within')
    const old = await inForce(host)
    await allowOneConnection(lab(), 'within')
    const running = await apply(['within'], '[80, 8443]', '--confirm-timeout', '4')
    await becomes(host, /^APPLIED/)
    const theirs = await startBoth('within')
    await becomes(host, /ROLLED_BACK/)
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await generationOf(host)).toBe(1)
    const mine = (await inForce(host)).map(save =>
      save.split('\n').filter(line => old.join('\n').includes(line)),
    )
    expect(mine[1]?.join('\n')).toBe(old[1])
    expect(old[0]?.split('\n').filter(line => !mine[0]?.includes(line))).toEqual([])
    await allowConnections(lab(), 'within')
    expect(await running.verdict()).toEqual({ code: 3, hosts: { within: 'reverted: rolled-back' } })
  })

  it('that come in the window stay when the change is confirmed', async () => {
    const host = lab().host('kept')
    await allowOneConnection(lab(), 'kept')
    const running = await apply(['kept'], '[80, 8443]', '--confirm-timeout', '20')
    await becomes(host, /^APPLIED/)
    const theirs = await startBoth('kept')
    await allowConnections(lab(), 'kept')
    expect(await running.verdict()).toEqual(persisted('kept'))
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await hostRules(host)).toContain('--dports 80,8443')
    expect(await hostRules(host)).toMatch(BANS_FIRST)
  })

  it('that come after an apply keep FORWARD for themselves, and never get it opened', async () => {
    const host = lab().host('later')
    const theirs = await startBoth('later')
    expect(await (await apply(['later'])).verdict()).toEqual(persisted('later'))
    expect(await (await apply(['later'])).verdict()).toEqual({ code: 0, hosts: { later: 'unchanged' } })
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await hostRules(host, 4)).toMatch(/^:FORWARD DROP$/m)
    expect(await hostRules(host, 6)).toMatch(/^:FORWARD DROP$/m)
    // What a role of the user's own says there is the user's.
    expect(await hostRules(host, 4)).toContain('-A FORWARD -i wg0 -j ACCEPT')
    expect(await hostRules(host, 4)).not.toContain('-A FORWARD -m conntrack')

    await host.unplug()
    await host.boot()
    expect(await (await apply(['later'])).verdict()).toEqual(persisted('later'))
    expect(await hostRules(host, 4)).toMatch(/^:FORWARD DROP$/m)
    expect(await hostRules(host, 4)).toContain('-A FORWARD -m conntrack')
  })
})
