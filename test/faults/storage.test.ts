import { describe, expect, it } from 'vitest'
import { becomes, generationOf } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { inForce } from '../integration/hosts/rules.ts'
import { until } from '../integration/hosts/wait.ts'
import { readGround } from './ground.ts'
import { type Attempt, useTrial } from './trial.ts'

/* Disks without room where fleet keeps its things, at every time of a change; and two fleets on one host. */

/** A folder gets a small disk of its own, with what was in it: at once, or a guard would find nothing there for a moment. */
const small = (folder: string, more = '') =>
  `set -e; mkdir -p ${folder} /kept; mount -t tmpfs -o mode=755,size=1m,nr_inodes=400${more} tmpfs /kept; cp -a ${folder}/. /kept; mount --bind /kept ${folder}; umount /kept; set +e\n`
const FILLINGS = {
  full: (folder: string) => `dd if=/dev/zero of=${folder}/ballast bs=1k 2>/dev/null || true`,
  inodes: (folder: string) =>
    `mkdir ${folder}/ballast; i=0; while true >${folder}/ballast/$i; do i=$((i + 1)); done 2>/dev/null; true`,
  readonly: (folder: string) => `mount -o remount,ro ${folder}`,
}
const fill = (name: string, folder: string, how: keyof typeof FILLINGS) =>
  trial.must(name, small(folder) + FILLINGS[how](folder))

const FOLDERS = { run: '/run', var: '/var/lib/fleet', etc: '/etc/iptables' }
const CASES = Object.entries(FOLDERS).flatMap(([short, folder]) =>
  (['full', 'inodes', 'readonly'] as const).map(how => [`${short}-${how}`, folder, how] as const),
)
const NEW = Object.keys(FILLINGS).map(how => `new-${how}`)
const OTHERS = ['noexec', 'late', 'tight', 'resumed', 'applied', 'first', 'shared']
const trial = useTrial('storage', [...CASES.map(([name]) => name), ...NEW, ...OTHERS], {
  untouched: [...NEW, 'first'],
})

/** All that fleet keeps on a host. */
const kept = (name: string) =>
  trial.must(name, 'cd /; find run/fleet var/lib/fleet etc/iptables 2>/dev/null | grep -v ballast | sort')

describe.concurrent('without room', () => {
  it.each(CASES)('nothing is begun (%s)', async (name, folder, how) => {
    const before = await kept(name)
    await fill(name, folder, how)
    const attempt = await trial.begin([name])
    await trial.ends(attempt, 3, { [name]: 'refused: host-storage' })
    const told = attempt.running.events.find(({ type }) => type === 'host-settled')
    expect(JSON.stringify(told)).toContain(`"place":"${folder}`)
    expect(await kept(name)).toBe(before)
  })

  it.each(['full', 'inodes', 'readonly'] as const)(
    'a host that fleet never saw stays untouched (%s)',
    async how => {
      const name = `new-${how}`
      await fill(name, FOLDERS.var, how)
      await trial.ends(await trial.begin([name]), 3, { [name]: 'failed: host-storage' })
      expect(await kept(name)).toBe('var/lib/fleet\n')
    },
  )

  it('nothing of fleet needs a disk that programs may be run from', async () => {
    for (const folder of ['/tmp', '/var/tmp', ...Object.values(FOLDERS)])
      await trial.must('noexec', small(folder, ',noexec'))
    await trial.ends(await trial.begin(['noexec']), 0, { noexec: 'persisted' })
  })
})

/** A change that is in force and waits for its confirmation. */
async function applied(name: string, seconds = '30'): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], '--confirm-timeout', seconds)
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}

/** Confirmed on a disk that can't be written to: the rules stay, the next boot would load the old ones. */
async function notPersisted(name: string): Promise<Attempt> {
  const attempt = await applied(name)
  await trial.must(name, small(FOLDERS.etc) + FILLINGS.readonly(FOLDERS.etc))
  await allowConnections(trial.lab, name)
  await trial.ends(attempt, 4, { [name]: 'confirmed, not persisted: not-persisted' })
  expect(await inForce(trial.host(name))).toEqual(trial.ground(name, 'NEW').live)
  expect(await generationOf(trial.host(name))).toBe(1)
  return attempt
}

const makeRoom = (name: string) => trial.must(name, `mount -o remount,rw ${FOLDERS.etc}`)

describe.concurrent('a disk that fills up in the window', () => {
  it('does not keep the guard from rolling back', async () => {
    // The guard must not decide while /run is being exchanged under it.
    const attempt = await applied('late', '20')
    for (const folder of Object.values(FOLDERS)) await fill('late', folder, 'full')
    await becomes(trial.host('late'), /ROLLED_BACK/)
    await allowConnections(trial.lab, 'late')
    await trial.ends(attempt, 3, { late: 'reverted: rolled-back' })
  })

  it('does not keep a host from persisting: all it needs is there', async () => {
    const attempt = await applied('tight')
    for (const folder of Object.values(FOLDERS)) await fill('tight', folder, 'full')
    await allowConnections(trial.lab, 'tight')
    await trial.ends(attempt, 0, { tight: 'persisted' })
  })

  it('and was read-only when it was confirmed: says so, and resume finishes it', async () => {
    const { site } = await notPersisted('resumed')
    await makeRoom('resumed')
    await trial.ends({ site, running: site.start('resume') }, 0, { resumed: 'persisted' })
  })

  it('and was read-only when it was confirmed: the next apply finishes it', async () => {
    const host = trial.host('applied')
    const { site } = await notPersisted('applied')
    await until(
      () => host.exec('ps -eo args'),
      ({ stdout }) => !/ guard [0-9a-f]{32} /.test(stdout),
    )
    await makeRoom('applied')
    await trial.says(trial.start(site), 0, { applied: 'unchanged' })
    await trial.isOn('applied', 'NEW')
  })

  it('of a host that fleet has only just met', async () => {
    const attempt = await applied('first')
    await fill('first', FOLDERS.etc, 'full')
    await allowConnections(trial.lab, 'first')
    await trial.ends(attempt, 4, { first: 'confirmed, not persisted: not-persisted' })
    await trial.must('first', `rm ${FOLDERS.etc}/ballast`)
    const { site } = attempt
    await trial.says({ site, running: site.start('resume') }, 0, { first: 'persisted' })
    const other = trial.ground('shared', 'NEW')
    expect(await readGround(trial.host('first'))).toEqual({ ...other, generation: 'gen-000001' })
  })
})

describe('two fleets on one host', () => {
  it('the second hears who holds it and since when, and changes nothing', async () => {
    const host = trial.host('shared')
    const first = await applied('shared', '120')
    first.running.child.kill('SIGSTOP')
    await allowConnections(trial.lab, 'shared')
    const live = await inForce(host)
    const other = await trial.oldSite(['shared'], { 'host_vars/shared.yml': 'http_ports: [81]\n' })
    for (const command of ['apply', 'plan']) {
      const { code, stdout } = await other.fleet(command, 'inventory.ini')
      expect(code).toBe(3)
      expect(stdout).toMatch(/Another run .*\d{8}-\d{6}-\w+ of \S+@\S+, since \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    }
    expect(await inForce(host)).toEqual(live)
    first.running.child.kill('SIGCONT')
    await trial.ends(first, 0, { shared: 'persisted' })
    await other.mustApply()
    expect((await inForce(host)).join('')).toContain('--dport 81')
  })
})
