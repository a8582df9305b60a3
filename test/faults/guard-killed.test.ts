import { describe, expect, it } from 'vitest'
import { becomes, secondsUntilBack } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection, denyConnections } from '../integration/hosts/one-connection.ts'
import { until } from '../integration/hosts/wait.ts'
import { mendTools, replaceTool } from './backend.ts'
import { keepArmed, pastDeadline, pidsOf, stateOf, strike } from './strike.ts'
import { type Attempt, useTrial } from './trial.ts'

/*
 * The guard is killed, on a host with systemd and on one without. Whatever starts it again (a unit, a shell of its
 * own), it goes on by its state and keeps its deadline.
 */

const trial = useTrial('guard-killed', [
  'light',
  { name: 'sys', systemd: true },
  { name: 'unit', systemd: true },
])
const host = (name: string) => trial.host(name)
const back = (name: string) => [3, { [name]: 'reverted: rolled-back' }] as const

/** A change that is in force, and that nobody can confirm until connections are allowed again. */
async function applied(name: string, ...args: readonly string[]): Promise<Attempt> {
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], ...args)
  await becomes(host(name), /^APPLIED/)
  return attempt
}

async function endsBack(name: string, attempt: Attempt): Promise<void> {
  await becomes(host(name), /^ROLLED_BACK/)
  await allowConnections(trial.lab, name)
  await trial.ends(attempt, ...back(name))
}

describe.concurrent.each(['light', 'sys'])('a guard that is killed (%s)', name => {
  describe.sequential('goes on by its state', () => {
    it('before it applies: seven times with -9 it waits on, told to end seven times it never begins', async () => {
      const attempt = await keepArmed(trial, name)
      const armed = await stateOf(host(name))
      let pid = 0
      for (let time = 0; time < 7; time += 1) pid = await strike(host(name), 'KILL', { last: pid })
      await strike(host(name), 'TERM', { last: pid, times: 7 })
      await becomes(host(name), /^DISARMED-terminated$/)
      expect(armed).toMatch(/^ARMED-\d+$/)
      attempt.running.child.kill('SIGCONT')
      await trial.ends(attempt, 3, { [name]: 'failed: disarmed' })
    })

    it('after it applied: seven times with -9 it keeps its deadline', async () => {
      const attempt = await applied(name, '--confirm-timeout', '20')
      const state = await stateOf(host(name))
      let pid = 0
      for (let time = 0; time < 6; time += 1) {
        pid = await strike(host(name), 'KILL', { last: pid })
        expect(await stateOf(host(name))).toBe(state)
      }
      await pastDeadline(host(name), -400)
      await strike(host(name), 'KILL', { last: pid })
      await endsBack(name, attempt)
      expect(await stateOf(host(name))).toBe('ROLLED_BACK-deadline')
      expect(await secondsUntilBack(host(name))).toBeLessThan(25)
    })

    it('after it applied: told to end seven times it rolls back at once', async () => {
      const attempt = await applied(name, '--confirm-timeout', '60')
      await strike(host(name), 'TERM', { times: 7 })
      await endsBack(name, attempt)
      expect(await stateOf(host(name))).toBe('ROLLED_BACK-terminated')
    })

    it('while it rolls back: seven times, with -9 and with TERM, it goes on with that', async () => {
      for (const tool of ['iptables-restore', 'ip6tables-restore'])
        await replaceTool(host(name), tool, '[ ! -e /hold ] || exec sleep 61; exec $REAL "$@"')
      const attempt = await applied(name, '--confirm-timeout', '12')
      await trial.must(name, ': >/hold')
      const hung = () => pidsOf(host(name), 'sleep 61')
      for (const signal of ['KILL', 'TERM', 'KILL', 'KILL', 'TERM', 'KILL', 'KILL'] as const) {
        const [stuck = 0] = await until(hung, found => found.length > 0)
        await strike(host(name), signal)
        expect(await stateOf(host(name))).toBe('ROLLING_BACK-deadline')
        await host(name).exec(`kill -9 ${stuck}`)
        await until(hung, found => !found.includes(stuck))
      }
      await trial.must(name, 'rm /hold')
      for (const stuck of await hung()) await host(name).exec(`kill -9 ${stuck}`)
      await endsBack(name, attempt)
      await mendTools(host(name))
    })

    it('at each step on the way to confirmed: the change is persisted', async () => {
      const attempt = await keepArmed(trial, name, '--confirm-timeout', '30')
      await strike(host(name), 'KILL')
      await denyConnections(trial.lab, name)
      attempt.running.child.kill('SIGCONT')
      await becomes(host(name), /^APPLIED/)
      await strike(host(name), 'KILL')
      await allowConnections(trial.lab, name)
      await trial.ends(attempt, 0, { [name]: 'persisted' })
    })
  })
})

const KILL_USER_PROCESSES = `
mkdir -p /etc/systemd/logind.conf.d
printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/kill.conf
systemctl restart systemd-logind
`

describe.concurrent('a guard that is a unit of systemd', () => {
  describe.sequential('and its host', () => {
    const name = 'unit'

    it('rolls back when that is stopped', async () => {
      const attempt = await applied(name, '--confirm-timeout', '60')
      await trial.must(name, "systemctl stop 'fleet-guard-*'")
      expect(await stateOf(host(name))).toBe('ROLLED_BACK-terminated')
      await endsBack(name, attempt)
    })

    it('is not armed at all where systemd does not start it', async () => {
      await replaceTool(host(name), 'systemd-run', 'echo no bus >&2; exit 1')
      await trial.ends(await trial.begin([name]), 3, { [name]: 'refused: host-refuses' })
      await mendTools(host(name))
    })

    it('lives on where logind ends what a session leaves behind', async () => {
      await trial.must(name, KILL_USER_PROCESSES)
      const login = ['ssh', ...trial.lab.sshArguments(name, 'operator')]
      const leave = 'setsid sleep 62 >/dev/null 2>&1 </dev/null & until pgrep -f "sleep 62"; do :; done'
      expect((await trial.lab.run([...login, leave])).stdout, 'something was left behind').not.toBe('')
      await until(
        () => pidsOf(host(name), 'sleep 62'),
        found => found.length === 0,
      )
      const row = `${name} ansible_host=${host(name).address4} ansible_user=operator ansible_become=true`
      await allowOneConnection(trial.lab, name)
      const unheard = await trial.begin([row])
      await becomes(host(name), /^APPLIED/)
      await endsBack(name, unheard)
      await trial.ends(await trial.begin([row]), 0, { [name]: 'persisted' })
    })
  })
})
