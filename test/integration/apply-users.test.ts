import { describe, expect, it } from 'vitest'
import { KEEPER_PASSWORD } from '../../src/lab/users.ts'
import { inForce } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* Who isn't root: sudo strips SSH_CONNECTION and stands between the guard and its session. */

const NAMES = ['one', 'two', 'three', 'four', 'five']
const lab = useTestLab(
  'apply-users',
  NAMES.map(name => ({ name, systemd: name === 'five' })),
  { packages: true },
)

/** An inventory without a user, as one gives it by a flag. */
async function site(name: string, variables = '') {
  const at = await makeSite(lab(), ['[web]', name], {
    'group_vars/web.yml': `http_from: anywhere\n${variables}`,
  })
  const inventory = lab()
    .inventory(['[web]', lab().rows.find(row => row.startsWith(`${name} `)) ?? name])
    .replace(/^ansible_user=.*\n/m, '')
  await at.write({ 'inventory.ini': inventory })
  return at
}

describe.concurrent('a user with sudo', () => {
  it.each([
    ['one', 'operator', ['-u', 'operator', '-b'], ''],
    ['two', 'operator', [], 'ansible_user: operator\nansible_become: true\n'],
    [
      'three',
      'keeper',
      [],
      `ansible_user: keeper\nansible_become: true\nansible_become_password: ${KEEPER_PASSWORD}\n`,
    ],
    ['five', 'operator', ['--user', 'operator', '--become'], ''],
  ] as const)(
    'is as good as root, also when the rules lock it out (%s: %s)',
    async (name, _user, args, variables) => {
      const host = lab().host(name)
      const run = async (more = '', ...flags: readonly string[]) =>
        (await site(name, `${variables}${more}`)).start('apply', 'inventory.ini', ...args, ...flags)
      expect(await (await run()).verdict()).toEqual({ code: 0, hosts: { [name]: 'persisted' } })
      expect(await (await run()).verdict()).toEqual({ code: 0, hosts: { [name]: 'unchanged' } })
      const old = await inForce(host)
      expect(await (await run('ssh_from: []\n')).verdict()).toEqual({
        code: 3,
        hosts: { [name]: 'refused: lockout-in' },
      })
      const forced = await run('ssh_from: []\n', '--accept-lockout-risk', name, '--confirm-timeout', '4')
      expect(await forced.verdict()).toEqual({ code: 3, hosts: { [name]: 'reverted: rolled-back' } })
      expect(await inForce(host)).toEqual(old)
    },
  )

  it('hears of a password that is missing or wrong, and its password is in no journal', async () => {
    const keeper = 'ansible_user: keeper\nansible_become: true\n'
    const missing = await (await site('four', keeper)).fleet('apply', 'inventory.ini')
    expect(missing.code).toBe(3)
    expect(missing.stdout).toMatch(/^four: failed: keeper may not become root.*--ask-become-pass/m)
    const at = await site('four', `${keeper}ansible_become_password: not-the-password\n`)
    const wrong = await at.fleet('apply', 'inventory.ini')
    expect(wrong.code).toBe(3)
    expect(wrong.stdout).toMatch(/^four: failed: .*doesn't take the password/m)
    expect(await inForce(lab().host('four'))).toEqual(['', ''])
    const said = await lab().run(['grep', '-r', 'not-the-password', at.folder])
    expect(said.stdout.split('\n').filter(line => !line.includes('/group_vars/'))).toEqual([''])
  })
})
