import { createInterface } from 'node:readline'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hostRules, inForceOn } from '../integration/hosts/rules.ts'
import { makeSite } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'
import { until } from '../integration/hosts/wait.ts'

const NAMES = ['nobody', 'stateful', 'outward', 'rejecting', 'six', 'early', 'sys']
const lab = useTestLab(
  'lockout',
  NAMES.map(name => ({ name, systemd: name === 'sys' })),
  { packages: true },
)

const template = (...lines: readonly string[]) =>
  ['---', 'role: A lockout.', 'order: first', '---', ...lines, ''].join('\n')

/** Each locks the controller out in its own way. */
const LOCKOUTS: Readonly<Record<string, string>> = {
  // Without base: what is left is a policy.
  nobody: template('*filter', ':INPUT DROP [0:0]', 'COMMIT'),
  // The old connection lives on and proves nothing.
  stateful: template(
    '*filter',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp -m conntrack --ctstate NEW -j DROP',
    'COMMIT',
  ),
  outward: template('*filter', '-A OUTPUT -p tcp --sport 22 -j DROP', 'COMMIT'),
  rejecting: template('*filter', '-A INPUT -p tcp --dport 22 -j REJECT', 'COMMIT'),
  // IPv4, by which the controller comes, and IPv6 stand and fall together.
  six: template(
    '*filter',
    '{{#v4}}',
    '-A INPUT -p tcp --dport 22 -j DROP',
    '{{/v4}}',
    '{{#v6}}',
    '-A INPUT -p tcp --dport 443 -j DROP',
    '{{/v6}}',
    'COMMIT',
  ),
  // What evaluates filter alone doesn't see it.
  early: template('*raw', '-A PREROUTING -p tcp --dport 22 -j DROP', 'COMMIT'),
  sys: template('*filter', '-A INPUT -p tcp --dport 22 -j DROP', 'COMMIT'),
}

const groups = NAMES.flatMap(name => [`[g_${name}]`, name])
const base = { 'templates/empty.hbs': template('*filter', 'COMMIT') }
const site = (files = {}) => makeSite(lab(), groups, { ...base, ...files })
const attack = async () =>
  await site({
    ...Object.fromEntries(NAMES.map(name => [`templates/l_${name}.hbs`, LOCKOUTS[name] ?? ''])),
    ...Object.fromEntries(
      NAMES.map(name => [
        `group_vars/g_${name}.yml`,
        `fleet_roles: ${name === 'nobody' ? '[l_nobody]' : `[l_${name}, base, final]`}\n`,
      ]),
    ),
  })

const rules = () => inForceOn(lab().hosts)
const generations = async () =>
  await Promise.all(
    NAMES.map(async name => (await lab().host(name).exec('readlink /etc/iptables/fleet/current')).stdout),
  )
const all = (said: string) => Object.fromEntries(NAMES.map(name => [name, said]))

let old: Awaited<ReturnType<typeof rules>>

beforeAll(async () => {
  await (await site()).mustApply()
  old = await rules()
})

/** A login from before the change, which answers what it is told. */
function openLogin(host: string): (line: string) => Promise<string> {
  const login = lab().spawn(['ssh', ...lab().sshArguments(host), 'echo ready; exec cat'], { stdio: 'pipe' })
  const { stdin, stdout } = login
  if (!stdin || !stdout) throw new Error('ssh was started without pipes')
  onTestFinished(() => void login.kill())
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async line => {
    if (line !== '') stdin.write(`${line}\n`)
    return String((await lines.next()).value)
  }
}

describe('rules that would lock the controller out', () => {
  it('are refused before anything changes, and say which rule it is', async () => {
    const { code, stdout } = await (await attack()).fleet('apply', 'inventory.ini')
    expect(code).toBe(3)
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^${name}.*: refused: .*lock fleet out`, 'm'))
    expect(stdout).toMatch(/^stateful: .*-A INPUT -p tcp -m conntrack --ctstate NEW -j DROP/m)
    expect(stdout).toContain('--accept-lockout-risk')
    expect(await rules()).toEqual(old)
  })

  it('and are forced, are taken back by the host itself, both families, within its time', async () => {
    const at = await attack()
    const login = openLogin('stateful')
    expect(await login('')).toBe('ready')
    const running = at.start(
      'apply',
      'inventory.ini',
      '--accept-lockout-risk',
      'all',
      '--confirm-timeout',
      '4',
    )
    const stateful = () => hostRules(lab().host('stateful'), 6)
    await until(stateful, save => save.includes('--ctstate NEW -j DROP'))
    expect(await login('an old connection proves nothing')).toBe('an old connection proves nothing')
    expect(await running.verdict()).toEqual({ code: 3, hosts: all('reverted: rolled-back') })
    expect(await rules()).toEqual(old)
    expect(await generations()).toEqual(NAMES.map(() => 'gen-000001\n'))
  })

  it('leave no trace of the attempt, and the next apply finds nothing to do', async () => {
    expect(await (await site()).start('apply', 'inventory.ini').verdict()).toEqual({
      code: 0,
      hosts: all('unchanged'),
    })
  })
})
