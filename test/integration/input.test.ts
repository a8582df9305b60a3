import { describe, expect, it } from 'vitest'
import { type Files, makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

const lab = useTestLab('input', ['web1', 'web2'])

/** TCP connections that anything on the controller has begun, and datagrams it has sent: whoever is contacted is in them. */
async function contacts(): Promise<readonly string[]> {
  const { stdout } = await lab().run(['cat', '/proc/net/snmp'])
  const numbers = (proto: string, name: string) => {
    const [names = '', values = ''] = stdout.split('\n').filter(line => line.startsWith(`${proto}: `))
    return `${name} ${values.split(' ')[names.split(' ').indexOf(name)]}`
  }
  return [numbers('Tcp', 'ActiveOpens'), numbers('Udp', 'OutDatagrams')]
}

interface Bad {
  readonly what: string
  readonly files: Files
  readonly args?: readonly string[]
  /** What standard error must say. */
  readonly says: readonly RegExp[]
}

const role = (...lines: readonly string[]) =>
  [
    '---',
    'role: Test.',
    'vars:',
    '  note: {type: string, default: plain}',
    '---',
    '*filter',
    ...lines,
    'COMMIT',
    '',
  ].join('\n')
const template = (...lines: readonly string[]): Files => ({ 'templates/web.hbs': role(...lines) })
const commented = template('-A INPUT -p tcp -m comment --comment "{{note}}" -j ACCEPT')

const BAD: readonly Bad[] = [
  {
    what: 'a template with a syntax error',
    files: template('{{#if note}', '-A INPUT -j ACCEPT', '{{/if}}'),
    says: [/^templates\/web\.hbs:7: /m],
  },
  {
    what: 'a template that uses an unknown variable',
    files: template('{{accept "INPUT" tcp=22 from=nota}}'),
    says: [/^templates\/web\.hbs:7: /m, /"?nota"?/, /note/],
  },
  {
    what: 'an address of the wrong family in a raw line',
    files: template('-A INPUT -s 2001:db8::1/128 -j ACCEPT'),
    says: [/^templates\/web\.hbs:7: /m, /2001:db8::1/, /#v6/],
  },
  {
    what: 'an unknown role',
    files: { 'fleet.yml': 'roles:\n  web: [wbe]\n' },
    says: [/^fleet\.yml:2: /m, /wbe/, /web/],
  },
  {
    what: 'a value with a newline',
    files: { ...commented, 'group_vars/web.yml': 'http_from: anywhere\nnote: "two\\nlines"\n' },
    says: [/^templates\/web\.hbs:7: note /m, /two\\nlines/],
  },
  {
    what: 'a value with a quote',
    files: { ...commented, 'host_vars/web2.yml': 'note: \'say "yes" -j ACCEPT\'\n' },
    says: [/^templates\/web\.hbs:7: note /m, /-j ACCEPT/],
  },
  {
    what: 'a value that Ansible would compute',
    files: { 'group_vars/web.yml': 'http_ports: ["{{ port }}"]\n' },
    says: [/^group_vars\/web\.yml:1: /m, /http_ports/],
  },
  {
    what: 'a misspelt variable of its own',
    files: { 'group_vars/all.yml': 'fleet_managment: [192.0.2.1]\n' },
    says: [/^group_vars\/all\.yml:1: /m, /fleet_managment/, /fleet_management/],
  },
  {
    what: 'an address that is none',
    files: { 'group_vars/web.yml': 'http_from: [192.0.2.300]\n' },
    says: [/^group_vars\/web\.yml:1: /m, /192\.0\.2\.300/],
  },
  {
    what: 'a source that is not there yet',
    files: { 'group_vars/web.yml': 'http_from: ["country:DE"]\n' },
    says: [/^group_vars\/web\.yml:1: /m, /country:DE/],
  },
  {
    what: 'a variable file that is no YAML',
    files: { 'group_vars/web.yml': 'http_ports: [80,\nnext: 1\n' },
    says: [/^group_vars\/web\.yml:\d+: /m],
  },
  {
    what: 'a fleet.yml with a word it does not know',
    files: { 'fleet.yml': 'role:\n  web: [web]\n' },
    says: [/^fleet\.yml:1: /m, /roles/],
  },
  {
    what: 'an inventory with a line that cannot be read',
    files: { 'inventory.ini': '[web]\nweb1\n[web:childern]\nweb2\n' },
    says: [/^inventory\.ini:3: /m, /childern/],
  },
  { what: 'a limit that means nobody', files: {}, args: ['-l', 'web3'], says: [/web3/] },
  {
    what: 'a confirm timeout out of range',
    files: {},
    args: ['--confirm-timeout', '3'],
    says: [/4 to 1800/],
  },
  {
    what: 'a flag that does not exist',
    files: {},
    args: ['--confrim-timeout', '5'],
    says: [/confrim-timeout/],
  },
]

describe('fleet stops before anybody is contacted, with exit code 1, at', () => {
  it.each(BAD)('$what', async ({ files, args = [], says }) => {
    const site = await makeSite(lab(), ['[web]', 'web1', 'web2'], files)
    const before = await contacts()
    const { code, stdout, stderr } = await site.fleet('apply', 'inventory.ini', ...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const words of says) expect(stderr).toMatch(words)
    expect(await contacts()).toEqual(before)
  })

  it('all of it at once', async () => {
    const site = await makeSite(lab(), ['[web]', 'web1', '[db]', 'web2'], {
      'group_vars/all.yml': 'fleet_managment: [192.0.2.1]\nfleet_adresses: [192.0.2.1]\n',
      'host_vars/web2.yml': 'fleet_addresses: [192.0.2.300]\n',
    })
    const { code, stderr } = await site.fleet('plan', 'inventory.ini')
    expect(code).toBe(1)
    for (const place of ['group_vars/all.yml:1', 'group_vars/all.yml:2', 'host_vars/web2.yml:1'])
      expect(stderr).toMatch(new RegExp(`^${place}: `, 'm'))
  })

  it('an inventory that is not there', async () => {
    const site = await makeSite(lab(), ['web1'])
    const { code, stderr } = await site.fleet('apply', 'inventori.ini')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('inventori.ini') })
  })
})

it('whoever is contacted is counted, and render contacts nobody', async () => {
  const site = await makeSite(lab(), ['[web]', 'web1', 'web2'], {
    'fleet.yml': 'rollout: {canaries: {wbe: 1}}\n',
  })
  const before = await contacts()
  expect((await site.fleet('render', 'inventory.ini')).code).toBe(0)
  expect((await site.fleet('apply', 'inventory.ini', '--list-hosts')).stdout).toBe(
    '  hosts (2):\n    web1\n    web2\n',
  )
  expect(await contacts()).toEqual(before)
  for (const args of [['plan'], ['apply', '--check']])
    expect(await site.fleet(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^fleet\.yml:1: .*canaries speaks of wbe.*Did you mean web\?$/m),
    })
  expect(await contacts()).not.toEqual(before)
})
