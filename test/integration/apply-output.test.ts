import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inForce } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* What people and programs see of a run. */

const lab = useTestLab('apply-output', ['web1', 'web2', 'db1'], { packages: true })

const site = (variables = '') =>
  makeSite(lab(), ['[web]', 'web1', 'web2', '[db]', 'db1'], {
    'group_vars/all.yml': `ping: true\n${variables}`,
    'group_vars/db.yml': 'db_from: [group:web]\n',
  })
const untouched = async () => {
  for (const host of lab().hosts) expect(await inForce(host)).toEqual(['', ''])
}

describe('before anything was applied', () => {
  it('--list-hosts and -l say who is meant', async () => {
    const at = await site()
    const list = async (...args: readonly string[]) =>
      (await at.fleet('apply', 'inventory.ini', '--list-hosts', ...args)).stdout
    expect(await list()).toBe('  hosts (3):\n    web1\n    web2\n    db1\n')
    expect(await list('-l', 'web:!web2')).toBe('  hosts (1):\n    web1\n')
    expect(await list('-l', 'db1,web2')).toMatch(/hosts \(2\):/)
  })

  it.each([['plan'], ['apply', '--check'], ['apply', '-C', '-D']])(
    '%s shows the change with its template lines, changes nothing, and exits 2',
    async (...args) => {
      const at = await site()
      const { code, stdout } = await at.fleet(
        args[0] ?? '',
        'inventory.ini',
        ...args.slice(1),
        '-e',
        'http_ports=8088',
      )
      expect(code).toBe(2)
      expect(stdout).toMatch(/^web1, web2 \(2 hosts\)$/m)
      expect(stdout).toMatch(/^ +\+ -A INPUT -p tcp -m tcp --dport 8088 .* templates\/web\.hbs:\d+$/m)
      expect(stdout).toMatch(/^ +roles: base, web \(group web\), final$/m)
      expect(stdout).toMatch(/installs iptables-persistent and ipset first/)
      expect(stdout).toMatch(/^3 hosts to change, 0 unchanged$/m)
      await untouched()
    },
  )

  it.each(['n\r', '\r', '\x03', '\x04'])('%j at the question leaves everything as it is', async keys => {
    const at = await site()
    const { code, stdout } = await at.atTerminal(
      ['apply', 'inventory.ini'],
      /Apply to 3 hosts\? \[y\/N\]/,
      keys,
    )
    expect(stdout).toMatch(/Apply to 3 hosts\? \[y\/N\]/)
    expect(code).toBe(3)
    expect(stdout).toMatch(/not started/)
    await untouched()
  })
})

describe('apply', () => {
  it('goes on at a yes, and shows the plan before', async () => {
    const at = await site()
    const { code, stdout } = await at.atTerminal(
      ['apply', 'inventory.ini', '-l', 'web1'],
      /Apply to 1 host\? \[y\/N\]/,
      'y\r',
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('1 host: persisted') })
    expect(stdout.indexOf('1 host to change')).toBeLessThan(stdout.indexOf('Apply to 1 host?'))
    expect((await inForce(lab().host('web1'))).join('')).toContain(':INPUT DROP')
    expect(await inForce(lab().host('web2'))).toEqual(['', ''])
  })

  it('asks nobody where nothing changes', async () => {
    const { code, stdout } = await (await site()).atTerminal(
      ['apply', 'inventory.ini', '-l', 'web1'],
      /Apply to/,
      'n\r',
    )
    expect(stdout).not.toContain('Apply to')
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('1 host: unchanged') })
  })

  it('writes plain lines into a pipe: the result to standard output, the way there to standard error', async () => {
    const { code, stdout, stderr } = await (await site()).fleet(
      'apply',
      'inventory.ini',
      '-l',
      'web2',
      '--diff',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/1 host to change, 0 unchanged[\s\S]*1 host: persisted\n$/)
    expect(stderr).toContain('applying to 1 host\n')
    // oxlint-disable-next-line no-control-regex -- it is what must not be there
    expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f]/)
  })

  it.each([['--diff'], ['--json']])('goes on to its end where nobody reads any more (%s)', async flag => {
    const at = await site()
    const port = flag === '--diff' ? '8081' : '8082'
    expect(await at.unheard('apply', 'inventory.ini', '-l', 'web2', flag, '-e', `http_ports=${port}`)).toBe(0)
    expect((await inForce(lab().host('web2'))).join('')).toContain(`--dport ${port} `)
    expect(await at.unheard('apply', 'inventory.ini', '-l', 'web2', '-e', '{"ssh_from": []}')).toBe(3)
  })

  it('writes nothing but JSON with --json, and the same into the journal', async () => {
    const at = await site('ssh_from: []\n')
    const running = at.start('apply', 'inventory.ini', '-l', 'web2,db1')
    const { code, stdout, stderr } = await running.end()
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    const events: unknown[] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(events[0]).toMatchObject({ type: 'run-started', hosts: 2 })
    expect(events.at(-1)).toMatchObject({ type: 'run-ended', states: { refused: 2 } })
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'host-settled',
        host: 'db1',
        state: 'refused',
        finding: expect.objectContaining({
          code: 'lockout-in',
          message: expect.stringContaining('lock fleet out'),
        }),
      }),
    )
    const [file = ''] = await readdir(at.journals)
    const journal = (await readFile(join(at.journals, file), 'utf8')).trim().split('\n')
    const types = journal.map(line => String(JSON.parse(line).type))
    expect(types.toSorted()).toEqual(running.events.map(({ type }) => type).toSorted())
  })

  it('plan --json gives one plan a line, and exits 3 for a host that is refused', async () => {
    const { code, stdout } = await (await site('ssh_from: []\n')).fleet('plan', 'inventory.ini', '--json')
    expect(code).toBe(3)
    const plans = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
      .filter(({ type }) => type === 'host-plan')
    expect(plans.map(({ host, verdict }) => [host, verdict])).toEqual([
      ['web1', 'refused'],
      ['web2', 'refused'],
      ['db1', 'refused'],
    ])
  })
})
