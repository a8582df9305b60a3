import { beforeAll, describe, expect, it } from 'vitest'
import { HARMLESS, HOPELESS, rowOf } from '../odd-logins.ts'
import { story, tells } from '../story.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * Logins that aren't plain ones: a banner, a slow PAM, shells that print, other shells, forced commands, accounts that
 * may not. One run over all of them: the change is made, or the host is refused for its own reason and is as it was.
 */

const trial = useTrial(
  'login',
  [...HARMLESS, ...HOPELESS].map(({ name, systemd = false }) => ({ name, systemd })),
  { packages: ['zsh'], untouched: HOPELESS.map(({ name }) => name) },
)

let attempt: Attempt
let verdict: Awaited<ReturnType<Attempt['running']['verdict']>>

beforeAll(async () => {
  const all = [...HARMLESS, ...HOPELESS]
  await Promise.all(all.map(({ name, make }) => trial.must(name, make)))
  attempt = await trial.begin(
    all.map(one => rowOf(one, trial.host(one.name).address4)),
    '--confirm-timeout',
    '20',
  )
  verdict = await attempt.running.verdict()
})

const sentenceOf = async (name: string) =>
  (await attempt.running.end()).stdout
    .split('\n')
    .find(line => line.includes('host-settled') && line.includes(`"${name}"`))

it('of many hosts that are odd each has its own verdict', () => {
  expect(verdict).toEqual({
    code: 3,
    hosts: Object.fromEntries([
      ...HARMLESS.map(({ name }) => [name, 'persisted']),
      ...HOPELESS.map(one => [one.name, one.verdict]),
    ]),
  })
})

describe.concurrent('an odd login', () => {
  it.each(HARMLESS)('that can be worked with: $name', async ({ name }) => {
    await tells(attempt.site, name, 'persisted')
    await trial.isOn(name, 'NEW')
  })

  it.each(HOPELESS)('that cannot: $name', async ({ name, verdict: said, words }) => {
    expect(await story(attempt.site, name)).toEqual(['observing', said])
    expect(await sentenceOf(name)).toMatch(words)
    await trial.isOn(name, 'OLD')
  })
})
