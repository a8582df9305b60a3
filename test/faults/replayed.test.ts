import { describe, expect, it } from 'vitest'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import type { Site } from '../integration/hosts/site.ts'
import { until } from '../integration/hosts/wait.ts'
import { replaceTool } from './backend.ts'
import { type Ground, readGround, renewed } from './ground.ts'
import { type Attempt, useTrial } from './trial.ts'

/* What comes twice, at once or too late: one change wins, and the others leave its host alone and say so. */

const RACES = ['race1', 'race2', 'race3']
const trial = useTrial('replayed', [...RACES, 'older', 'returned', 'reverted', 'kept', 'booted'])

/** Somebody else's folder, who wants another port than NEW. */
const theirs = (name: string): Promise<Site> =>
  trial.newSite([name], { 'group_vars/web.yml': 'http_ports: [80, 9443]\n' })

/** What they wanted as a host's ground, and nobody holds it. */
const theirGround = (name: string, generation = 2): Ground => ({
  ...renewed(trial.ground(name, 'OLD'), ['--dports 80,443', '--dports 80,9443']),
  generation: `gen-00000${generation}`,
})

async function isTheirs(name: string, generation?: number): Promise<void> {
  expect(await readGround(trial.host(name))).toEqual(theirGround(name, generation))
}

/** From now on whoever observes the host is kept at the end of it, until `/hold` is gone; each leaves a file. */
async function holdObservers(name: string): Promise<void> {
  const script = `case "$* $(readlink /proc/self/fd/6)" in
  '-s -n 6 /run/fleet/arming') : >/seen.$$; while [ -e /hold ]; do sleep 0.02; done ;;
esac
exec /usr/bin/flock "$@"`
  await trial.must(name, ': >/hold')
  await replaceTool(trial.host(name), 'flock', script)
}

const observed = (name: string, count: number) =>
  until(
    async () => (await trial.must(name, 'ls /')).match(/^seen/gm)?.length,
    found => found === count,
  )

/** A change that is in force and that its controller, killed meanwhile, can't confirm. */
async function leftApplied(name: string): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name])
  await becomes(trial.host(name), /^APPLIED/)
  await attempt.running.kill()
  return attempt
}

const resume = ({ site }: Attempt): Attempt => ({ site, running: site.start('resume') })

describe.concurrent('two changes of one host', () => {
  it.each(RACES)('that look at the same moment: one wins, the other is refused (%s)', async name => {
    await holdObservers(name)
    const mine = await trial.begin([name])
    const other = trial.start(await theirs(name))
    await observed(name, 2)
    await trial.must(name, 'rm /hold')
    const isMine = (await mine.running.verdict()).code === 0
    const [won, lost] = isMine ? [mine, other] : [other, mine]
    await trial.says(won, 0, { [name]: 'persisted' })
    const { hosts } = await lost.running.verdict()
    expect(hosts[name]).toMatch(/^refused: host-(busy|changed)$/)
    await trial.says(lost, 3, hosts)
    if (isMine) await trial.isOn(name, 'NEW')
    else await isTheirs(name)
  })

  it.each(['older', 'returned'])(
    'the older one, which slept after it had looked, is refused when it goes on (%s)',
    async name => {
      await holdObservers(name)
      const older = await trial.begin([name])
      await observed(name, 1)
      older.running.child.kill('SIGSTOP')
      await trial.must(name, 'rm /hold')
      await (await theirs(name)).mustApply()
      // The rules that it saw are in force once more: by the generation alone it is too late.
      if (name === 'returned') await (await trial.oldSite([name])).mustApply()
      older.running.child.kill('SIGCONT')
      await trial.says(older, 3, { [name]: 'refused: host-changed' })
      const returned = { ...trial.ground(name, 'OLD'), generation: 'gen-000003' }
      const ground = name === 'older' ? theirGround(name) : returned
      expect(await readGround(trial.host(name))).toEqual(ground)
    },
  )
})

describe.concurrent('a run that is resumed after a newer one', () => {
  it('that was rolled back says so, and touches nothing', async () => {
    const old = await leftApplied('reverted')
    await becomes(trial.host('reverted'), /^ROLLED_BACK/)
    await allowConnections(trial.lab, 'reverted')
    await (await theirs('reverted')).mustApply()
    await trial.says(resume(old), 3, { reverted: 'reverted: rolled-back' })
    await isTheirs('reverted')
  })

  it('that was confirmed says so, and touches nothing', async () => {
    await trial.must('kept', ': >/hold')
    const script = 'while [ -e /hold ]; do sleep 0.05; done; exec $REAL "$@"'
    await replaceTool(trial.host('kept'), 'netfilter-persistent', script)
    const old = await trial.begin(['kept'])
    await becomes(trial.host('kept'), /^CONFIRMED/)
    await old.running.kill()
    await trial.must('kept', 'rm /hold')
    await becomes(trial.host('kept'), /^PERSISTED/)
    await (await theirs('kept')).mustApply()
    await trial.says(resume(old), 0, { kept: 'persisted' })
    await isTheirs('kept', 3)
  })

  it('of a host that was booted since says that it cannot know, and touches nothing', async () => {
    const old = await leftApplied('booted')
    await becomes(trial.host('booted'), /^ROLLED_BACK/)
    await allowConnections(trial.lab, 'booted')
    await (await theirs('booted')).mustApply()
    await trial.host('booted').unplug()
    await trial.host('booted').boot()
    await trial.says(resume(old), 4, { booted: 'unknown: transaction-lost' })
    await isTheirs('booted')
  })
})
