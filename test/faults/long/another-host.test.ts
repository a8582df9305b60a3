import { expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { useTrial } from '../trial.ts'
import { leadTo, readTrace } from '../twin.ts'

const trial = useTrial('another-long', ['gone', 'gone-twin'])

it('another host stays at the address until the guard must have decided: unknown, and the host is back', async () => {
  const before = await readTrace(trial, 'gone-twin')
  await allowOneConnection(trial.lab, 'gone')
  const attempt = await trial.begin(['gone'])
  await becomes(trial.host('gone'), /^APPLIED/)
  await leadTo(trial, 'gone', 'gone-twin')
  await trial.ends(attempt, 4, { gone: 'unknown: host-silent' })
  await trial.isOn('gone', 'OLD')
  expect(await readTrace(trial, 'gone-twin')).toEqual(before)
})
