import { describe, expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { inForce } from '../../integration/hosts/rules.ts'
import { until } from '../../integration/hosts/wait.ts'
import { mendTools, replaceTool } from '../backend.ts'
import { hold, isHeld, letGo } from '../hold.ts'
import { keepArmed, killTree, pastDeadline, pidsOf, stateOf } from '../strike.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * Without systemd, somebody kills the guard and what would start it again. Nothing on the host takes the change back
 * then (docs/guard.md says so); the next contact does, whoever that is, and says it.
 */

const trial = useTrial('guard-gone', [
  'waiting',
  'resumed',
  'other',
  'rolling',
  'armed',
  'confirmed',
  'storing',
])
const host = (name: string) => trial.host(name)
const REVERTED = 'reverted: rolled-back'

/** In force, without a guard, and with connections cut off from the controller until they are allowed again. */
async function applied(name: string): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name])
  await becomes(host(name), /^APPLIED/)
  return attempt
}

async function isRefusedFirst(name: string): Promise<void> {
  const next = await trial.begin([name])
  await trial.ends(next, 3, { [name]: 'refused: host-changed' })
  const finding = expect.objectContaining({ args: { what: 'rolled-back' } })
  expect(next.running.events).toContainEqual(expect.objectContaining({ type: 'host-settled', finding }))
}

describe.concurrent('a guard that nothing starts again', () => {
  it('is done for by the fleet that armed it, once that gets through', async () => {
    const attempt = await applied('waiting')
    await killTree(host('waiting'))
    await pastDeadline(host('waiting'))
    await allowConnections(trial.lab, 'waiting')
    await trial.ends(attempt, 3, { waiting: REVERTED })
  })

  it('does not keep a change from being confirmed in time', async () => {
    await allowOneConnection(trial.lab, 'confirmed')
    const attempt = await trial.begin(['confirmed'], '--confirm-timeout', '60')
    await becomes(host('confirmed'), /^APPLIED/)
    await killTree(host('confirmed'))
    await allowConnections(trial.lab, 'confirmed')
    await trial.ends(attempt, 0, { confirmed: 'persisted' })
  })

  it('was confirmed, and nobody stored it: the next fleet apply does', async () => {
    await hold(host('storing'), 'persisting')
    const { site, running } = await trial.begin(['storing'])
    await isHeld(host('storing'))
    await running.kill()
    await killTree(host('storing'))
    const storing = '/host-[0-9a-f]*[.]sh .* confirm |^/bin/dash /usr/local/sbin/unshare'
    for (const pid of await pidsOf(host('storing'), storing)) await host('storing').exec(`kill -9 ${pid}`)
    await letGo(host('storing'))
    expect(await stateOf(host('storing'))).toMatch(/^CONFIRMED/)
    await trial.says(trial.start(site), 0, { storing: 'persisted' })
    expect(await stateOf(host('storing'))).toMatch(/^PERSISTED/)
    expect(await inForce(host('storing'))).toEqual(trial.ground('storing', 'NEW').live)
  })

  it('is done for by fleet resume', async () => {
    const { site, running } = await applied('resumed')
    await running.kill()
    await killTree(host('resumed'))
    await pastDeadline(host('resumed'))
    await allowConnections(trial.lab, 'resumed')
    await trial.ends({ site, running: site.start('resume') }, 3, { resumed: REVERTED })
  })

  it('is done for by the next fleet apply, which says so, before anything new', async () => {
    const { running } = await applied('other')
    await running.kill()
    await killTree(host('other'))
    await pastDeadline(host('other'))
    await allowConnections(trial.lab, 'other')
    await isRefusedFirst('other')
    await trial.ends(await trial.begin(['other']), 0, { other: 'persisted' })
  })

  it('was rolling back: the next fleet apply goes on with that, and says so', async () => {
    const hung = () => pidsOf(host('rolling'), 'sleep 63')
    for (const tool of ['iptables-restore', 'ip6tables-restore'])
      await replaceTool(host('rolling'), tool, '[ ! -e /hold ] || exec sleep 63; exec $REAL "$@"')
    const { running } = await applied('rolling')
    await running.kill()
    await trial.must('rolling', ': >/hold')
    await until(hung, found => found.length > 0)
    await killTree(host('rolling'))
    await host('rolling').exec(`kill -9 ${(await hung()).join(' ')}`)
    expect(await stateOf(host('rolling'))).toBe('ROLLING_BACK-deadline')
    await mendTools(host('rolling'))
    await allowConnections(trial.lab, 'rolling')
    await isRefusedFirst('rolling')
    await trial.ends(await trial.begin(['rolling']), 0, { rolling: 'persisted' })
  })

  it('had changed nothing yet: the next fleet apply goes on without it', async () => {
    const { running } = await keepArmed(trial, 'armed')
    await killTree(host('armed'))
    await running.kill()
    expect(await stateOf(host('armed'))).toMatch(/^ARMED/)
    expect(await inForce(host('armed'))).toEqual(trial.ground('armed', 'OLD').live)
    await trial.ends(await trial.begin(['armed']), 0, { armed: 'persisted' })
  })
})
