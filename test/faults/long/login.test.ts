import { beforeAll, describe, it } from 'vitest'
import { HARMLESS, rowOf } from '../odd-logins.ts'
import { SECONDS, useTrial } from '../trial.ts'

/* What takes longer to see: sessions that don't end, or that take longer than there is to confirm, and rollbacks through odd logins. */

const SLOW = ['never_ends', 'too_late']
const trial = useTrial(
  'login-long',
  [...HARMLESS.map(({ name, systemd = false }) => ({ name, systemd })), ...SLOW],
  { packages: ['zsh'] },
)

/** Part of a session's life takes so many seconds. */
const slow = (part: 'open_session' | 'close_session', seconds: number) => `
printf '#!/bin/sh\\n[ "$PAM_TYPE" != ${part} ] || sleep ${seconds}\\n' >/usr/local/bin/slow
chmod 755 /usr/local/bin/slow
echo 'session required pam_exec.so /usr/local/bin/slow' >>/etc/pam.d/sshd
`

describe.concurrent('PAM', () => {
  it('keeps the session that armed a change: nothing is changed, twice', async () => {
    await trial.must('never_ends', slow('close_session', 50))
    await trial.ends(await trial.begin(['never_ends']), 3, { never_ends: 'failed: session-stayed' })
  })

  it('lets nobody in before the time to confirm is over: reverted', async () => {
    await trial.must('too_late', slow('open_session', SECONDS + 2))
    await trial.ends(await trial.begin(['too_late']), 3, { too_late: 'reverted: rolled-back' })
  })
})

describe('an odd login', () => {
  beforeAll(async () => {
    await Promise.all(HARMLESS.map(({ name, make }) => trial.must(name, make)))
  })

  it('is locked out like any other: reverted', async () => {
    const rows = HARMLESS.map(one => rowOf(one, trial.host(one.name).address4))
    const names = HARMLESS.map(({ name }) => name)
    const lockout = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', 'all', '--confirm-timeout', '10']
    const said = Object.fromEntries(names.map(name => [name, 'reverted: rolled-back']))
    await trial.ends(await trial.begin(rows, ...lockout), 3, said)
  })
})
