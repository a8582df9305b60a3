import { beforeAll, describe, expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { chooseBackend, replaceTool } from '../backend.ts'
import { strike } from '../strike.ts'
import { useTrial } from '../trial.ts'

/* Somebody holds the lock of iptables (iptables-legacy has one), and lets go of it late or never. */

const LIGHT = ['first', 'second', 'late', 'never', 'confirmed', 'told']
const NAMES = [...LIGHT, 'stopped']
const HOSTS = ['nft', ...LIGHT, { name: 'stopped', systemd: true }]
const trial = useTrial('xtables-lock', HOSTS, { untouched: NAMES })
const REVERTED = 'reverted: rolled-back'

beforeAll(async () => {
  await Promise.all(NAMES.map(name => chooseBackend(trial.host(name), 'legacy')))
  await trial.settle(...NAMES)
})

const HOLD = `
setsid sh -c 'exec 9>/run/xtables.lock; flock 9; echo $$ >/run/holder; exec sleep 300' >/dev/null 2>&1 </dev/null &
while [ ! -s /run/holder ]; do sleep 0.02; done
`
const hold = (name: string) => trial.must(name, HOLD)
const letGo = (name: string) => trial.must(name, 'kill $(cat /run/holder)')
const isHeld = async (name: string) =>
  (await trial.host(name).exec('flock -n /run/xtables.lock true')).code !== 0

/** Which lock each restore of the guard's rollback asked for, and how it ended: `public 4`, `private 0`. */
const attempts = async (name: string) => (await trial.must(name, 'cat /attempts')).trim().split('\n')

async function listen(name: string): Promise<void> {
  const script = `case "$*" in *'-w 1'*) ;; *) exec $REAL "$@" ;; esac
lock=public; [ -z "\${XTABLES_LOCKFILE:-}" ] || lock=private
$REAL "$@"; code=$?; echo "$lock $code" >>/attempts; exit $code`
  for (const tool of ['iptables-restore', 'ip6tables-restore'])
    await replaceTool(trial.host(name), tool, script)
}

describe.concurrent('while somebody holds the lock of iptables', () => {
  it('nothing is applied, and the run says so', async () => {
    await hold('first')
    await trial.ends(await trial.begin(['first']), 3, { first: REVERTED })
    expect(await isHeld('first')).toBe(true)
  })

  it('who takes it between IPv4 and IPv6, and keeps it, does not keep half of it in force', async () => {
    await replaceTool(
      trial.host('second'),
      'ip6tables-restore',
      `case "$*" in *'-w 5'*) ${HOLD} iptables-save >/seen ;; esac\nexec $REAL "$@"`,
    )
    await trial.ends(await trial.begin(['second']), 3, { second: REVERTED })
    expect(await trial.must('second', 'cat /seen')).toContain('--dports 80,8443')
    expect(await isHeld('second')).toBe(true)
  })

  it('a rollback tries again, and goes on with the lock once it is let go of', async () => {
    await listen('late')
    await allowOneConnection(trial.lab, 'late')
    const attempt = await trial.begin(['late'])
    await becomes(trial.host('late'), /^APPLIED/)
    await hold('late')
    await becomes(trial.host('late'), /^ROLLING_BACK/)
    await trial.must('late', 'while ! grep -q 4 /attempts; do sleep 0.02; done 2>/dev/null')
    await letGo('late')
    await becomes(trial.host('late'), /ROLLED_BACK/)
    expect(await attempts('late')).toEqual(expect.arrayContaining(['public 4', 'public 0']))
    expect(await attempts('late')).not.toContain('private 0')
    await allowConnections(trial.lab, 'late')
    await trial.ends(attempt, 3, { late: REVERTED })
  })

  it('a rollback that never gets it goes on with a lock of its own', async () => {
    await listen('never')
    await allowOneConnection(trial.lab, 'never')
    const attempt = await trial.begin(['never'])
    await becomes(trial.host('never'), /^APPLIED/)
    await hold('never')
    await becomes(trial.host('never'), /ROLLED_BACK/)
    expect((await attempts('never')).join(', ')).toMatch(/^(public 4, public 4, ){2,}private 0, private 0$/)
    expect(await isHeld('never')).toBe(true)
    await allowConnections(trial.lab, 'never')
    await trial.ends(attempt, 3, { never: REVERTED })
  })

  it.each([
    ['told to end', 'told', () => strike(trial.host('told'), 'TERM', { times: 7 })],
    ['stopped', 'stopped', () => trial.must('stopped', "systemctl stop 'fleet-guard-*'")],
  ] as const)('a guard that is %s waits for no lock and rolls back (%s)', async (_, name, end) => {
    await listen(name)
    await allowOneConnection(trial.lab, name)
    const attempt = await trial.begin([name], '--confirm-timeout', '60')
    await becomes(trial.host(name), /^APPLIED/)
    await hold(name)
    await end()
    await becomes(trial.host(name), /^ROLLED_BACK-terminated$/)
    expect(await attempts(name)).toEqual(['public 4', 'public 4', 'private 0', 'private 0'])
    expect(await isHeld(name)).toBe(true)
    await allowConnections(trial.lab, name)
    await trial.ends(attempt, 3, { [name]: REVERTED })
  })

  it('what is in force is confirmed and stored', async () => {
    await allowOneConnection(trial.lab, 'confirmed')
    const attempt = await trial.begin(['confirmed'], '--confirm-timeout', '20')
    await becomes(trial.host('confirmed'), /^APPLIED/)
    await hold('confirmed')
    await allowConnections(trial.lab, 'confirmed')
    await trial.ends(attempt, 0, { confirmed: 'persisted' })
    expect(await isHeld('confirmed')).toBe(true)
  })
})
