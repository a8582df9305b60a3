import { execFile } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { lastJournal } from '../faults/story.ts'
import { type Attempt, useTrial } from '../faults/trial.ts'
import { generationOf } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection, denyConnections } from '../integration/hosts/one-connection.ts'
import { settledAs, step } from '../integration/hosts/site.ts'

/*
 * A rollout in stages whose controller was killed goes on as it would have gone on: `fleet resume` owes it its budget,
 * its stages, its gates, its promotions and its way back.
 */

const NAMES = 'b1 b2 b3 k1 k2 t1 t2 t3 e1 e2 e3 r1 r2 r3 m1 m2 g1 g2 n1 d1 d2 d3 d4 d5'.split(' ')
const trial = useTrial('resume-stages', NAMES)

const begin = (names: readonly string[], ...args: readonly string[]) =>
  trial.begin(names, '--confirm-timeout', '60', '--stages', names.map((_, at) => at + 1).join(','), ...args)

const shell = promisify(execFile)

const resume = ({ site }: Attempt, ...args: readonly string[]): Attempt => ({
  site,
  running: site.start('resume', ...args),
})

async function killedWhenArmed(host: string, attempt: Attempt): Promise<void> {
  await attempt.running.until(step(host, 'armed'))
  await attempt.running.kill()
}

/** The second host fails, so what the first one persisted has to go back. */
async function endedTakingBack(
  hosts: readonly [string, string, string],
  how = ({ running }: Attempt) => running.kill(),
): Promise<Attempt> {
  await allowOneConnection(trial.lab, hosts[1])
  const attempt = await begin(hosts, '--on-failure', 'revert-all')
  await attempt.running.until(({ type }) => type === 'taking-back')
  await how(attempt)
  return attempt
}

/** Ctrl-C twice. */
async function letGo({ running }: Attempt): Promise<void> {
  running.child.kill('SIGTERM')
  await running.says(/Stopping/)
  running.child.kill('SIGTERM')
  await running.verdict()
}

/** The old rules, in a generation with the next number. */
async function isBack(host: string): Promise<void> {
  expect(
    await trial.must(host, 'iptables-save | grep -c -e 80,443; iptables-save | grep -c -e 8443; true'),
  ).toBe('1\n0\n')
  expect(await generationOf(trial.host(host))).toBe(3)
}

const runOf = async ({ site }: Attempt) => (await readdir(site.journals))[0]?.replace('.jsonl', '') ?? ''

describe.concurrent('fleet resume, after kill -9 with the canary armed', () => {
  it('bears no failure more than the run did, and takes back what persisted before', async () => {
    const attempt = await begin(['b1', 'b2', 'b3'], '--on-failure', 'revert-all')
    await killedWhenArmed('b1', attempt)
    await allowOneConnection(trial.lab, 'b2')
    await trial.says(resume(attempt), 3, {
      b1: 'reverted: taken-back',
      b2: 'unreachable: connect-timeout',
      b3: 'not started',
    })
    await isBack('b1')
    for (const host of ['b2', 'b3']) await trial.isOn(host, 'OLD')
  })

  it('waits for the promotion of the stage that it finishes', async () => {
    const attempt = await begin(['m1', 'm2'], '--manual')
    await killedWhenArmed('m1', attempt)
    const again = resume(attempt)
    await again.running.until(({ type }) => type === 'rollout-paused')
    expect(again.running.events.some(settledAs('m1', 'persisted'))).toBe(true)
    await trial.isOn('m2', 'OLD')
    await again.running.kill()
    const third = resume(attempt)
    await third.running.until(({ type }) => type === 'rollout-paused')
    await trial.isOn('m2', 'OLD')
    expect(await attempt.site.fleet('promote', await runOf(attempt))).toMatchObject({ code: 0 })
    expect(await third.running.verdict()).toEqual({ code: 0, hosts: { m2: 'persisted' } })
  })

  it('asks the gates before it confirms', async () => {
    await trial.must('g1', 'touch /root/serves')
    const site = await trial.newSite(['g1', 'g2'], {
      'fleet.yml': 'rollout: {gates: [{command: test -e /root/serves, on: web}]}\n',
    })
    const attempt = trial.start(site, '--confirm-timeout', '60', '--stages', '1,2')
    await killedWhenArmed('g1', attempt)
    await trial.must('g1', 'rm /root/serves')
    await trial.ends(resume(attempt), 3, { g1: 'reverted: gate-fail', g2: 'not started' })
  })
})

describe.concurrent('fleet resume', () => {
  it('finishes a taking back, and starts nobody', async () => {
    const attempt = await endedTakingBack(['t1', 't2', 't3'])
    await trial.says(resume(attempt), 3, { t1: 'reverted: taken-back', t3: 'not started' })
    await isBack('t1')
    for (const host of ['t2', 't3']) await trial.isOn(host, 'OLD')
  })

  it('finishes one that was let go of as well', async () => {
    const attempt = await endedTakingBack(['e1', 'e2', 'e3'], letGo)
    await trial.says(resume(attempt), 3, { e1: 'reverted: taken-back', e3: 'not started' })
    await isBack('e1')
    for (const host of ['e2', 'e3']) await trial.isOn(host, 'OLD')
  })

  // By its name a run has a fresh budget, and who failed another turn: both once nothing is on its way back any more.
  it('finishes a taking back, and no more, also where it is named and what failed is mended', async () => {
    const attempt = await endedTakingBack(['r1', 'r2', 'r3'])
    await allowConnections(trial.lab, 'r2')
    const named = resume(attempt, await runOf(attempt))
    await trial.says(named, 3, { r1: 'reverted: taken-back', r3: 'not started' })
    expect((await named.running.end()).stderr).not.toContain('also with the host that failed')
    await isBack('r1')
    for (const host of ['r2', 'r3']) await trial.isOn(host, 'OLD')
  })

  it('looks again at a stage whose soak was cut off', async () => {
    const attempt = await begin(['k1', 'k2'], '--soak', '2s')
    await attempt.running.until(settledAs('k1', 'persisted'))
    await attempt.running.kill()
    await denyConnections(trial.lab, 'k1')
    const again = resume(attempt)
    const { code, hosts } = await again.running.verdict()
    expect({ code, hosts }).toEqual({ code: 3, hosts: { k2: 'not started' } })
    const checked = again.running.events.find(({ type }) => type === 'host-checked')
    expect(checked).toMatchObject({ host: 'k1', finding: { code: 'lost-again' } })
    await trial.isOn('k2', 'OLD')
  })

  it('goes on with a run that a full disk ended, once there is room: nobody was changed unwritten', async () => {
    const names = ['d1', 'd2', 'd3', 'd4', 'd5']
    const site = await trial.newSite(names)
    const disk = join(site.folder, '.local/state')
    await mkdir(disk, { recursive: true })
    await shell('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    try {
      const attempt = trial.start(site, '--stages', '1,2,3,4,5')
      await attempt.running.until(settledAs('d1', 'persisted'))
      await shell('sh', ['-c', `dd if=/dev/zero of=${disk}/ballast bs=4k 2>/dev/null || true`])
      // What is left of the journal's last page may do for one more stage or two.
      const { code, hosts } = await attempt.running.verdict()
      expect({ code, d1: hosts.d1, d5: hosts.d5 }).toEqual({ code: 3, d1: 'persisted', d5: 'not started' })
      expect((await attempt.running.end()).stderr).toMatch(/can't be written any more \(ENOSPC/)
      const written = (await lastJournal(site)).map(({ event }) => event)
      for (const [host, said] of Object.entries(hosts)) {
        await trial.isOn(host, said === 'persisted' ? 'NEW' : 'OLD')
        expect(written.some(step(host, 'arming')) || said !== 'persisted').toBe(true)
      }
      await rm(join(disk, 'ballast'))
      // Whose end could not be written down any more is asked again.
      const rest = names.filter(host => !written.some(settledAs(host, 'persisted')))
      expect(rest).not.toContain('d1')
      const again = await resume(attempt).running.verdict()
      expect({ ...again, hosts: Object.keys(again.hosts) }).toEqual({ code: 0, hosts: rest })
      for (const host of names) await trial.isOn(host, 'NEW')
    } finally {
      await shell('umount', ['-l', disk])
    }
  })

  it('without a name takes the newest run, and names an older one that has no end', async () => {
    const attempt = await begin(['n1'])
    await killedWhenArmed('n1', attempt)
    const run = await runOf(attempt)
    expect(await attempt.site.fleet('apply', 'inventory.ini', '--connect-timeout', '3')).toMatchObject({
      code: expect.any(Number),
    })
    const said = await attempt.site.fleet('resume')
    expect(said.stderr).toMatch(new RegExp(`run ${run} has no end[^]*has ended; `))
    const again = attempt.site.start('resume', run)
    expect(await again.verdict()).toEqual({ code: 0, hosts: { n1: 'persisted' } })
    await trial.isOn('n1', 'NEW')
  })
})
