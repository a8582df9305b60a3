import { describe, expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { inForce } from '../../integration/hosts/rules.ts'
import { type Lie, lieAt, repent } from '../liar.ts'
import { PEAK_LIMIT, peakOf } from '../peak.ts'
import { useTrial } from '../trial.ts'

/* Hosts that lie to whoever comes after a change, or hang: `fleet status`, `fleet resume`, the last word of `fleet remove`. */

const HANG = 'exec sleep 1000'
const GARBAGE = 'honest "$@" | sed "2,\\$s/.*/@@what is this/"; exit 0'

/** What makes each of them lie, and why it tells `fleet status` nothing. */
const ASKED: Readonly<Record<string, readonly [lie: Lie, state: string, finding: string]>> = {
  garbage: [lieAt('report', GARBAGE), 'unknown', 'host-answer-unreadable'],
  'other-code': [lieAt('report', 'honest "$@"; exit 12'), 'unknown', 'host-answer-unreadable'],
  'no-code': [lieAt('report', 'honest "$@"; kill -9 $$'), 'unknown', 'host-answer-unreadable'],
  'half-said': [lieAt('report', 'honest "$@" | head -n 5; exit 0'), 'unknown', 'host-answer-unreadable'],
  nothing: [lieAt('report', 'exit 0'), 'failed', 'shell-refused'],
  floods: [lieAt('report', 'honest "$@"; yes'), 'unknown', 'output-too-large'],
  hangs: [lieAt('report', HANG), 'unknown', 'exec-timeout'],
  mute: [
    (trial, host) => trial.must(host, 'kill -STOP "$(cat /run/sshd.pid)"'),
    'unreachable',
    'handshake-timeout',
  ],
}

const NAMES = Object.keys(ASKED)
/** What makes them lie when fleet has been removed and is to be forgotten, and whether they did forget it. */
const FORGETFUL: Readonly<Record<string, readonly [lie: Lie, forgot: boolean]>> = {
  'forget-hangs': [lieAt('forget', HANG), false],
  'forget-0': [lieAt('forget', 'exit 0'), false],
  'forget-garbage': [lieAt('forget', GARBAGE), true],
}
const trial = useTrial('lying-later', ['honest', ...NAMES, 'resumed', ...Object.keys(FORGETFUL)])

/** Milliseconds, on any machine: far less than what these hosts would keep somebody waiting. */
const ENDS_WITHIN = 300_000

describe.concurrent('a host that hangs or lies afterwards', { timeout: ENDS_WITHIN }, () => {
  it('at report, when it is asked what it booted: who resumes says that nobody knows', async () => {
    await allowOneConnection(trial.lab, 'resumed')
    const { site, running } = await trial.begin(['resumed'])
    await becomes(trial.host('resumed'), /^APPLIED/)
    await running.kill()
    await trial.host('resumed').unplug()
    await trial.host('resumed').boot()
    await lieAt('report', HANG)(trial, 'resumed')
    await allowConnections(trial.lab, 'resumed')
    const resume = () => ({ site, running: site.start('resume', '--connect-timeout', '3') })
    await trial.ends(resume(), 4, { resumed: 'unknown: host-silent' })
    await repent(trial, 'resumed')
    await trial.ends(resume(), 3, { resumed: 'reverted: rolled-back' })
  })

  it.each(Object.entries(FORGETFUL))(
    '%s: it is removed, and nothing is said to be gone',
    async (name, [lie, forgot]) => {
      await lie(trial, name)
      const site = await trial.oldSite([name])
      const running = site.start('remove', 'inventory.ini')
      await trial.says({ site, running }, 0, { [name]: 'persisted: removed-not-forgotten' })
      await repent(trial, name)
      expect(await inForce(trial.host(name))).toEqual(['', ''])
      const left = async () =>
        (await trial.host(name).exec('ls -d /var/lib/fleet /etc/iptables/rules.v4')).stdout
      expect(await left()).toBe(forgot ? '' : '/var/lib/fleet\n')
      expect(await site.fleet('remove', 'inventory.ini')).toMatchObject({ code: 0 })
      expect(await left()).toBe('')
    },
  )
})

/** `fleet status` of them all, once: how it ended, what it said of each host, and the most memory that it had. */
async function askAll() {
  await Promise.all(Object.entries(ASKED).map(([name, [lie]]) => lie(trial, name)))
  const site = await trial.oldSite(['honest', ...NAMES])
  const running = site.start('status', 'inventory.ini', '--connect-timeout', '3')
  const peak = await peakOf(running)
  const { code, stdout } = await running.end()
  const lines: { readonly host: string }[] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  return { code, peak, said: new Map(lines.map(one => [one.host, one])) }
}

let asking: ReturnType<typeof askAll> | undefined
const asked = () => {
  asking ??= askAll()
  return asking
}

describe.concurrent('fleet status, among hosts that lie,', { timeout: ENDS_WITHIN }, () => {
  it('ends, with bounded memory, and tells all of the honest one', async () => {
    const { code, peak, said } = await asked()
    expect(code).toBe(3)
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThan(PEAK_LIMIT)
    expect(said.get('honest')).toMatchObject({ condition: 'settled', generation: { number: 1, whole: true } })
  })

  it.each(NAMES)('takes %s for what it is: it knows nothing of it', async name => {
    const [, state, code] = ASKED[name] ?? []
    expect((await asked()).said.get(name)).toEqual({
      type: 'host-status',
      host: name,
      condition: 'unreadable',
      state,
      finding: expect.objectContaining({ code }),
    })
  })
})
