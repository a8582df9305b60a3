import { describe, expect, it } from 'vitest'
import { useTrial } from '../faults/trial.ts'
import { blockedOn } from './hosts/blocks.ts'
import { allowConnections, denyConnections } from './hosts/one-connection.ts'
import { acceptedConnections } from './hosts/rules.ts'
import { step } from './hosts/site.ts'

/* Every host that an apply reaches blocks what ledger and feeds say afterwards, whatever becomes of its rules. */

const trial = useTrial('in-line', ['told', 'missed', 'locked', 'first', 'second'], { aptLists: true })

const feedsOn = async (name: string) => {
  const saved = await trial.must(name, 'ipset save | sort')
  return [...saved.matchAll(/^add fleet-feeds4 (\S+)/gm)].map(([, network]) => network)
}
const logins = (name: string) => acceptedConnections(trial.host(name))

const FEEDS = 'feeds: {drop: {file: drop}, old: {file: old}}\n'
const ATTACKER = '203.0.113.9'

describe.concurrent('apply', () => {
  it('brings the feeds that a host has missed, and costs one that has them no connection', async () => {
    const at = await trial.oldSite(['told', 'missed'], {
      'fleet.yml': FEEDS,
      drop: '45.1.1.0/24\n',
      old: '45.9.9.9\n',
    })
    expect(await at.fleet('plan'), 'no list was ever taken').toMatchObject({ code: 0 })
    expect(await at.fleet('blocks', '--refresh')).toMatchObject({ code: 0 })
    await at.write({ drop: '45.1.2.0/24\n' })
    expect(await at.fleet('blocks', '--refresh', '-l', 'told')).toMatchObject({ code: 0 })
    expect(await feedsOn('missed')).toEqual(['45.1.1.0/24', '45.9.9.9'])

    const blocks = await at.fleet('blocks')
    expect(blocks).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^missed: behind: it doesn't have the feeds as they were taken last\.$/m),
    })
    for (const command of ['plan', 'drift', 'status']) {
      const { code, stdout } = await at.fleet(command)
      expect([command, code]).toEqual([command, 2])
      expect(stdout).toMatch(/missed:[\s\S]*It does not have the feeds as they were taken last/)
      expect([command, stdout.match(/It does not have/g)?.length]).toEqual([command, 1])
    }
    const before = await logins('told')
    expect(await at.fleet('apply')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 hosts: unchanged'),
    })
    expect(await logins('told')).toBe(before + 1)
    expect(await feedsOn('missed')).toEqual(['45.1.2.0/24', '45.9.9.9'])
    expect(await at.fleet('apply')).toMatchObject({ code: 0, stdout: '2 hosts: unchanged\n' })
    expect(await logins('told')).toBe(before + 2)

    await at.write({ 'fleet.yml': 'feeds: {old: {file: old}}\n' })
    expect(await at.fleet('apply')).toMatchObject({ code: 0 })
    expect(await Promise.all(['told', 'missed'].map(feedsOn))).toEqual([['45.9.9.9'], ['45.9.9.9']])
    expect(await at.fleet('drift')).toMatchObject({ code: 0 })
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
  })

  it('brings blocks and feeds to a host in lockdown, which stays in it', async () => {
    const at = await trial.oldSite(['locked'], {
      'fleet.yml': FEEDS,
      drop: '45.1.1.0/24\n',
      old: '45.9.9.9\n',
    })
    expect(await at.fleet('block', '198.51.100.1')).toMatchObject({ code: 0 })
    expect(await at.start('lockdown').verdict()).toMatchObject({ code: 0 })
    await denyConnections(trial.lab, 'locked')
    const missing = ['--connect-timeout', '2', '--give-up-after', '0'] as const
    expect(await at.fleet('block', ATTACKER, ...missing)).toMatchObject({ code: 3 })
    expect(await at.fleet('blocks', '--refresh', ...missing)).toMatchObject({ code: 3 })
    await allowConnections(trial.lab, 'locked')

    expect(await at.start('apply').verdict()).toEqual({ code: 3, hosts: { locked: 'refused: locked-down' } })
    expect(await blockedOn(trial.host('locked'))).toContain(`block4 ${ATTACKER}`)
    expect(await feedsOn('locked')).toEqual(['45.1.1.0/24', '45.9.9.9'])
    expect((await at.fleet('status')).stdout).toContain('in lockdown')
    expect(await at.start('lockdown', '--release').verdict()).toMatchObject({ code: 0 })
  })

  it('that was killed tells all its hosts what was blocked since, when it is gone on with', async () => {
    const attempt = await trial.begin(['first', 'second'], '--confirm-timeout', '60', '--stages', '1,2')
    await attempt.running.until(step('first', 'armed'))
    await attempt.running.kill()
    for (const host of ['first', 'second']) await denyConnections(trial.lab, host)
    const missing = ['--connect-timeout', '2', '--give-up-after', '0'] as const
    expect(await attempt.site.fleet('block', ATTACKER, ...missing)).toMatchObject({ code: 3 })
    for (const host of ['first', 'second']) await allowConnections(trial.lab, host)

    const running = attempt.site.start('resume', '--connect-timeout', '3')
    expect(await running.verdict()).toEqual({ code: 0, hosts: { first: 'persisted', second: 'persisted' } })
    for (const host of ['first', 'second'])
      expect(await blockedOn(trial.host(host))).toEqual([`block4 ${ATTACKER}`])
  })
})
