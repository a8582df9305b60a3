import { describe, expect, it } from 'vitest'
import { isLocked } from '../../integration/hosts/guard.ts'
import { step } from '../../integration/hosts/site.ts'
import { until } from '../../integration/hosts/wait.ts'
import { holdApplied, killSshd, reopen, startSshd, stopSshd } from '../doors.ts'
import { tells } from '../story.ts'
import { SECONDS, useTrial } from '../trial.ts'

/* A host that nobody can log in to any more, and one whose sshd dies with all its sessions at any step of a run. */

const STEPS = ['observing', 'arming', 'armed', 'applied', 'confirming']
const DYING = [...STEPS.map(at => ({ at, name: at })), ...STEPS.map(at => ({ at, name: `sys_${at}` }))]

const trial = useTrial('sshd-long', [
  'gone',
  'forced',
  ...DYING.map(({ name }) => ({ name, systemd: name.startsWith('sys_') })),
])

describe.concurrent('in the window', () => {
  it('sshd is gone for good: unknown, and the host takes itself back; resume says so later', async () => {
    const attempt = await holdApplied(trial, 'gone', SECONDS)
    await stopSshd(trial, 'gone')
    await reopen(trial, 'gone')
    await trial.ends(attempt, 4, { gone: 'unknown: host-silent' })
    await trial.isOn('gone', 'OLD')
    await startSshd(trial, 'gone')
    const { site } = attempt
    await trial.ends({ site, running: site.start('resume') }, 3, { gone: 'reverted: rolled-back' })
  })

  it('sshd begins to run something else: unknown, and the host takes itself back', async () => {
    const attempt = await holdApplied(trial, 'forced', SECONDS)
    await trial.must(
      'forced',
      `echo 'ForceCommand echo hello' >/etc/ssh/sshd_config.d/lab.conf; kill -HUP "$(cat /run/sshd.pid)"`,
    )
    await reopen(trial, 'forced')
    await trial.ends(attempt, 4, { forced: 'unknown: host-silent' })
    await trial.isOn('forced', 'OLD')
  })
})

describe.concurrent('sshd and all its sessions are killed', () => {
  it.each(DYING)('and the verdict is the state: $name', async ({ at, name }) => {
    const attempt = await trial.begin([name], '--confirm-timeout', '10')
    await attempt.running.until(step(name, at))
    await killSshd(trial, name)
    const said = (await attempt.running.verdict()).hosts[name] ?? ''
    await until(
      () => isLocked(trial.host(name)),
      locked => !locked,
    )
    // Once it is armed, an sshd that comes back is enough for an answer.
    expect([at, said]).not.toEqual([
      expect.not.stringMatching('observing'),
      expect.stringMatching(/^unknown|^$/),
    ])
    await tells(attempt.site, name, said)
    await trial.isOn(name, said === 'persisted' ? 'NEW' : 'OLD')
  })
})
