import { beforeAll, describe, expect, it } from 'vitest'
import { becomes, generationOf, isLocked } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { inForce } from '../integration/hosts/rules.ts'
import { makeSite } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Disks without room where fleet keeps its things, and two fleets on one host. */

const NAMES = ['var', 'run', 'etc', 'inodes', 'readonly'] as const
const FULL: Readonly<Record<(typeof NAMES)[number], string>> = {
  var: '/var/lib/fleet',
  run: '/run/fleet',
  etc: '/etc/iptables',
  inodes: '/var/lib/fleet',
  readonly: '/etc/iptables',
}
const lab = useTestLab('storage', [...NAMES, 'new', 'late', 'shared'], { packages: true })

const site = (names: readonly string[], ports: string) =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n` })

async function sh(name: string, commands: string): Promise<string> {
  const { code, stdout, stderr } = await lab().host(name).exec(commands)
  if (code !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout
}

/** What was in the folder stays there to be seen; there is no room for more. */
const fill = (folder: string, how: string) => `set -e
mkdir -p ${folder}; mount -t tmpfs -o ${how},mode=755 tmpfs /mnt; cp -a ${folder}/. /mnt/; mount --move /mnt ${folder}
`
const STUFF = 'dd if=/dev/zero of=/FOLDER/stuff bs=4k 2>/dev/null || true'
const full = (folder: string) => fill(folder, 'size=1m') + STUFF.replace('/FOLDER', folder)

const HOW: typeof FULL = {
  var: full(FULL.var),
  run: full(FULL.run),
  etc: full(FULL.etc),
  inodes: `${fill(FULL.inodes, 'nr_inodes=100')}i=0; while touch ${FULL.inodes}/i$i 2>/dev/null; do i=$((i+1)); done`,
  readonly: `${fill(FULL.readonly, 'size=1m')}mount -o remount,ro ${FULL.readonly}`,
}

beforeAll(async () => {
  await (await site([...NAMES, 'late', 'shared'], '[80]')).mustApply()
})

describe.concurrent('without room', () => {
  it.each(NAMES)('nothing is begun (%s)', async name => {
    const host = lab().host(name)
    const old = await inForce(host)
    await sh(name, HOW[name])
    const { code, stdout } = await (await site([name], '[80, 8443]')).fleet('apply', 'inventory.ini')
    expect(code).toBe(3)
    expect(stdout).toMatch(new RegExp(`^${name}: (refused|failed): .*${FULL[name]}`, 'm'))
    expect(await inForce(host)).toEqual(old)
    expect([await generationOf(host), await isLocked(host)]).toEqual([1, false])
  })

  it('a host that fleet never saw stays untouched', async () => {
    await sh('new', full(FULL.var))
    const { code, stdout } = await (await site(['new'], '[80]')).fleet('apply', 'inventory.ini')
    expect(code).toBe(3)
    expect(stdout).toMatch(/^new: (refused|failed): .*\/var\/lib\/fleet/m)
    expect(await inForce(lab().host('new'))).toEqual(['', ''])
    expect(await sh('new', 'ls /etc/iptables 2>/dev/null || true')).toBe('')
  })
})

describe('a disk that fills up in the window', () => {
  it('does not keep the guard from rolling back', async () => {
    const host = lab().host('late')
    const old = await inForce(host)
    await allowOneConnection(lab(), 'late')
    const running = (await site(['late'], '[80, 8443]')).start(
      'apply',
      'inventory.ini',
      '--confirm-timeout',
      '4',
    )
    await becomes(host, /^APPLIED/)
    for (const folder of [FULL.var, FULL.run, FULL.etc]) await sh('late', full(folder))
    await becomes(host, /ROLLED_BACK/)
    expect(await inForce(host)).toEqual(old)
    await allowConnections(lab(), 'late')
    expect(await running.verdict()).toEqual({ code: 3, hosts: { late: 'reverted: rolled-back' } })
  })
})

describe('two fleets on one host', () => {
  it('the second hears who holds it and since when, and changes nothing', async () => {
    const host = lab().host('shared')
    await allowOneConnection(lab(), 'shared')
    const first = (await site(['shared'], '[80, 8443]')).start('apply', 'inventory.ini')
    await becomes(host, /^APPLIED/)
    first.child.kill('SIGSTOP')
    await allowConnections(lab(), 'shared')
    const live = await inForce(host)
    const other = await site(['shared'], '[81]')
    for (const command of ['apply', 'plan']) {
      const { code, stdout } = await other.fleet(command, 'inventory.ini')
      expect(code).toBe(3)
      expect(stdout).toMatch(/Another run .*\d{8}-\d{6}-\w+ of \S+@\S+, since \d{4}-\d\d-\d\dT[\d:.]+Z/)
    }
    expect(await inForce(host)).toEqual(live)
    first.child.kill('SIGCONT')
    expect(await first.verdict()).toEqual({ code: 0, hosts: { shared: 'persisted' } })
    expect(await other.start('apply', 'inventory.ini').verdict()).toEqual({
      code: 0,
      hosts: { shared: 'persisted' },
    })
  })
})
