import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hold, isHeld, letGo } from '../faults/hold.ts'
import { type Attempt, useTrial } from '../faults/trial.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { inForce } from '../integration/hosts/rules.ts'
import { type Site, step } from '../integration/hosts/site.ts'

/*
 * What a controller that was killed has left, brought to its end by `fleet resume`: the verdict is what the host is.
 */

const NAMES = [
  'armed',
  'keyed',
  'applied',
  'late',
  'sent',
  'dark',
  'booted',
  'flushed',
  'first',
  'second',
  'going',
  'gone',
]
const trial = useTrial('resume', NAMES)

/** With plenty of time to confirm. */
const begin = async (...names: readonly string[]) => trial.begin(names, '--confirm-timeout', '60')

const resume = ({ site }: Attempt, ...args: readonly string[]): Attempt => ({
  site,
  running: site.start('resume', '--connect-timeout', '3', ...args),
})

async function journals(site: Site): Promise<readonly string[]> {
  const files = await readdir(site.journals)
  return Promise.all(files.map(name => readFile(join(site.journals, name), 'utf8')))
}

/** Says the same once more, and writes nothing. */
async function saysTheSame(attempt: Attempt, code: number, hosts: Record<string, string>): Promise<void> {
  const before = await journals(attempt.site)
  expect(await resume(attempt).running.verdict()).toEqual({ code, hosts })
  expect(await journals(attempt.site)).toEqual(before)
}

/** A run that was killed once its host was applied. */
async function killedWhenApplied(host: string, start: () => Promise<Attempt>): Promise<Attempt> {
  await allowOneConnection(trial.lab, host)
  const attempt = await start()
  await becomes(trial.host(host), /^APPLIED/)
  await attempt.running.kill()
  return attempt
}

/** A run whose host was persisted, and that was killed before it heard of it. */
async function persistedUnheard(name: string): Promise<Attempt> {
  const host = trial.host(name)
  await hold(host, 'persisting')
  const attempt = await begin(name)
  await isHeld(host)
  attempt.running.child.kill('SIGSTOP')
  await letGo(host)
  await becomes(host, /^PERSISTED/)
  await attempt.running.kill()
  return attempt
}

describe.concurrent('fleet resume, after kill -9', () => {
  it('while a host is armed: confirms it', async () => {
    const attempt = await begin('armed')
    await attempt.running.until(step('armed', 'armed'))
    await attempt.running.kill()
    await trial.ends(resume(attempt), 0, { armed: 'persisted' })
    await saysTheSame(attempt, 0, { armed: 'persisted' })
  })

  it('reaches hosts in flight as the run did, without being told', async () => {
    const { ansible_ssh_private_key_file: key = '', ansible_ssh_common_args: ssh } = trial.lab.variables
    const site = await trial.newSite(['keyed'], {
      'inventory.ini': `[web]\nkeyed ansible_host=${trial.host('keyed').address4} ansible_ssh_common_args="${ssh}"\n`,
    })
    const attempt = trial.start(site, '--confirm-timeout', '60', '--private-key', key)
    await attempt.running.until(step('keyed', 'armed'))
    await attempt.running.kill()
    await trial.ends(resume(attempt), 0, { keyed: 'persisted' })
  })

  it('while a host is applied: confirms it', async () => {
    const attempt = await killedWhenApplied('applied', () => begin('applied'))
    await allowConnections(trial.lab, 'applied')
    const resumed = resume(attempt)
    await trial.ends(resumed, 0, { applied: 'persisted' })
    expect(resumed.running.events[0]).toMatchObject({ type: 'run-resumed', who: expect.any(String) })
  })

  it('too late: says that the host took it back', async () => {
    const attempt = await killedWhenApplied('late', () => trial.begin(['late']))
    await becomes(trial.host('late'), /ROLLED_BACK/)
    await allowConnections(trial.lab, 'late')
    const hosts = { late: 'reverted: rolled-back' }
    await trial.ends(resume(attempt), 3, hosts)
    await saysTheSame(attempt, 3, hosts)
    const run = (await readdir(attempt.site.journals))[0]?.replace('.jsonl', '') ?? ''
    const again = { late: 'persisted' }
    await trial.ends(resume(attempt, run), 0, again)
    await saysTheSame(attempt, 0, again)
  })

  it('when confirm was sent: waits for the host to finish persisting', async () => {
    const host = trial.host('sent')
    await hold(host, 'persisting')
    const attempt = await begin('sent')
    await isHeld(host)
    await attempt.running.kill()
    const resumed = resume(attempt)
    await resumed.running.until(step('sent', 'confirming'))
    await letGo(host)
    await trial.ends(resumed, 0, { sent: 'persisted' })
  })

  it('and a power loss before the host was confirmed: says that it booted the old rules', async () => {
    const host = trial.host('dark')
    const attempt = await killedWhenApplied('dark', () => begin('dark'))
    await host.unplug()
    await host.boot()
    await allowConnections(trial.lab, 'dark')
    await trial.ends(resume(attempt), 3, { dark: 'reverted: rolled-back' })
  })

  it('and rules that somebody took away after it was persisted: says that they are not in force', async () => {
    const host = trial.host('flushed')
    const attempt = await persistedUnheard('flushed')
    await trial.must('flushed', 'nft flush ruleset')
    const hosts = { flushed: 'persisted: not-as-left' }
    await trial.says(resume(attempt), 3, hosts)
    await host.exec('netfilter-persistent start')
    await trial.isOn('flushed', 'NEW')
  })

  it('and a power loss after it was persisted: says so', async () => {
    const host = trial.host('booted')
    const attempt = await persistedUnheard('booted')
    await host.unplug()
    await host.boot()
    await trial.ends(resume(attempt), 0, { booted: 'persisted' })
  })

  it('goes on with the hosts whose turn had not come', async () => {
    const attempt = await killedWhenApplied('first', () =>
      trial.begin(['first', 'second'], '--confirm-timeout', '60', '--forks', '1'),
    )
    await allowConnections(trial.lab, 'first')
    const hosts = { first: 'persisted', second: 'persisted' }
    await trial.ends(resume(attempt), 0, hosts)
    await saysTheSame(attempt, 0, hosts)
  })

  it('of a removal: finishes it, and leaves nothing behind', async () => {
    const host = trial.host('gone')
    const attempt = await killedWhenApplied('gone', async () => {
      const site = await trial.oldSite(['gone'])
      return { site, running: site.start('remove', 'inventory.ini') }
    })
    await allowConnections(trial.lab, 'gone')
    const hosts = { gone: 'persisted: removed' }
    await trial.says(resume(attempt), 0, hosts)
    expect(await inForce(host)).toEqual(['', ''])
    expect((await host.exec('ls -d /var/lib/fleet /etc/iptables/fleet /run/fleet')).stdout).toBe('')
    await saysTheSame(attempt, 0, hosts)
  })
})

describe('fleet resume', () => {
  it('refuses a run that is still going on, and lets it be', async () => {
    await allowOneConnection(trial.lab, 'going')
    const attempt = await begin('going')
    await becomes(trial.host('going'), /^APPLIED/)
    const refused = await attempt.site.fleet('resume')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(new RegExp(`still going on: process ${attempt.running.child.pid}`))
    await allowConnections(trial.lab, 'going')
    await trial.ends(attempt, 0, { going: 'persisted' })
  })

  it('has nothing to do where no run was, and knows no run of another name', async () => {
    const site = await trial.newSite(['going'])
    expect(await site.fleet('resume')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no run of this'),
    })
    expect(await site.fleet('resume', 'nonesuch')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no run called nonesuch'),
    })
  })
})
