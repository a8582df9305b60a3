import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LabHost } from '../../src/lab/host.ts'
import { becomes, generationOf, isLocked } from './hosts/guard.ts'
import { allowConnections, allowOneConnection } from './hosts/one-connection.ts'
import { inForce, inForceOn } from './hosts/rules.ts'
import { makeSite, type Site, step } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/*
 * What a controller that was killed has left, brought to its end by `fleet resume`: the verdict is what the host is.
 */

const NAMES = ['armed', 'applied', 'late', 'sent', 'dark', 'booted', 'first', 'second', 'going', 'gone']
const lab = useTestLab('resume', NAMES, { packages: true })

const site = (names: readonly string[], ports: string): Promise<Site> =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n` })
const change = (...names: readonly string[]) => site(names, '[80, 8443]')

let old: Record<string, readonly string[]>

beforeAll(async () => {
  await (await site(NAMES, '[80]')).mustApply()
  old = await inForceOn(NAMES.map(name => lab().host(name)))
})

const resume = (at: Site, ...args: readonly string[]) => at.start('resume', '--connect-timeout', '3', ...args)

async function isNew(host: LabHost): Promise<void> {
  expect((await inForce(host)).join('')).toContain('--dports 80,8443')
  expect([await generationOf(host), await isLocked(host)]).toEqual([2, false])
}

async function isOld(host: LabHost): Promise<void> {
  expect(await inForce(host)).toEqual(old[host.name])
  expect([await generationOf(host), await isLocked(host)]).toEqual([1, false])
}

async function journals(at: Site): Promise<readonly string[]> {
  const folder = join(at.folder, '.local/state/fleet/runs')
  return Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
}

/** Says the same once more, and writes nothing. */
async function saysTheSame(
  at: Site,
  verdict: { code: number; hosts: Record<string, string> },
): Promise<void> {
  const before = await journals(at)
  expect(await resume(at).verdict()).toEqual(verdict)
  expect(await journals(at)).toEqual(before)
}

/** From now on the host rehearses its boot without end, until `/hold` is gone. */
const holdPersisting = (host: LabHost) =>
  host.exec(
    `: >/hold; printf '#!/bin/dash\\nwhile [ -e /hold ]; do sleep 0.05; done\\nexec /usr/sbin/netfilter-persistent "$@"\\n' >/usr/local/sbin/netfilter-persistent; chmod 755 /usr/local/sbin/netfilter-persistent`,
  )

describe.concurrent('fleet resume, after kill -9', () => {
  it('while a host is armed: confirms it', async () => {
    const at = await change('armed')
    const running = at.start('apply')
    await running.until(step('armed', 'armed'))
    await running.kill()
    const verdict = { code: 0, hosts: { armed: 'persisted' } }
    expect(await resume(at).verdict()).toEqual(verdict)
    await isNew(lab().host('armed'))
    await saysTheSame(at, verdict)
  })

  it('while a host is applied: confirms it', async () => {
    const host = lab().host('applied')
    const at = await change('applied')
    await allowOneConnection(lab(), 'applied')
    const running = at.start('apply')
    await becomes(host, /^APPLIED/)
    await running.kill()
    await allowConnections(lab(), 'applied')
    expect(await resume(at).verdict()).toEqual({ code: 0, hosts: { applied: 'persisted' } })
    await isNew(host)
  })

  it('too late: says that the host took it back', async () => {
    const host = lab().host('late')
    const at = await change('late')
    await allowOneConnection(lab(), 'late')
    const running = at.start('apply', '--confirm-timeout', '4')
    await becomes(host, /^APPLIED/)
    await running.kill()
    await becomes(host, /ROLLED_BACK/)
    await allowConnections(lab(), 'late')
    const verdict = { code: 3, hosts: { late: 'reverted: rolled-back' } }
    expect(await resume(at).verdict()).toEqual(verdict)
    await isOld(host)
    await saysTheSame(at, verdict)
    const run = (await readdir(join(at.folder, '.local/state/fleet/runs')))[0]?.replace('.jsonl', '') ?? ''
    const again = { code: 0, hosts: { late: 'persisted' } }
    expect(await resume(at, run).verdict(), 'by its name: what failed is tried again').toEqual(again)
    await isNew(host)
    await saysTheSame(at, again)
  })

  it('when confirm was sent: finishes persisting', async () => {
    const host = lab().host('sent')
    const at = await change('sent')
    await holdPersisting(host)
    const running = at.start('apply')
    await becomes(host, /^CONFIRMED/)
    await running.kill()
    await host.exec('rm /hold')
    expect(await resume(at).verdict()).toEqual({ code: 0, hosts: { sent: 'persisted' } })
    await isNew(host)
  })

  it('and a power loss before the host was confirmed: says that it booted the old rules', async () => {
    const host = lab().host('dark')
    const at = await change('dark')
    await allowOneConnection(lab(), 'dark')
    const running = at.start('apply')
    await becomes(host, /^APPLIED/)
    await running.kill()
    await host.unplug()
    await host.boot()
    await allowConnections(lab(), 'dark')
    expect(await resume(at).verdict()).toEqual({ code: 3, hosts: { dark: 'reverted: rolled-back' } })
    await isOld(host)
  })

  it('and a power loss after it was persisted: says so', async () => {
    const host = lab().host('booted')
    const at = await change('booted')
    await holdPersisting(host)
    const running = at.start('apply')
    await becomes(host, /^CONFIRMED/)
    running.child.kill('SIGSTOP')
    await host.exec('rm /hold /usr/local/sbin/netfilter-persistent')
    await becomes(host, /^PERSISTED/)
    await running.kill()
    await host.unplug()
    await host.boot()
    expect(await resume(at).verdict()).toEqual({ code: 0, hosts: { booted: 'persisted' } })
    await isNew(host)
  })

  it('goes on with the hosts whose turn had not come', async () => {
    const at = await change('first', 'second')
    await allowOneConnection(lab(), 'first')
    const running = at.start('apply', '--forks', '1')
    await becomes(lab().host('first'), /^APPLIED/)
    await running.kill()
    await allowConnections(lab(), 'first')
    const verdict = { code: 0, hosts: { first: 'persisted', second: 'persisted' } }
    expect(await resume(at).verdict()).toEqual(verdict)
    await isNew(lab().host('first'))
    await isNew(lab().host('second'))
    await saysTheSame(at, verdict)
  })

  it('of a removal: finishes it, and leaves nothing behind', async () => {
    const host = lab().host('gone')
    const at = await site(['gone'], '[80]')
    await allowOneConnection(lab(), 'gone')
    const running = at.start('remove')
    await becomes(host, /^APPLIED/)
    await running.kill()
    await allowConnections(lab(), 'gone')
    const verdict = { code: 0, hosts: { gone: 'persisted: removed' } }
    expect(await resume(at).verdict()).toEqual(verdict)
    expect(await inForce(host)).toEqual(['', ''])
    expect((await host.exec('ls -d /var/lib/fleet /etc/iptables/fleet /run/fleet')).stdout).toBe('')
    await saysTheSame(at, verdict)
  })
})

describe('fleet resume', () => {
  it('refuses a run that is still going on, and lets it be', async () => {
    const at = await change('going')
    await allowOneConnection(lab(), 'going')
    const running = at.start('apply')
    await becomes(lab().host('going'), /^APPLIED/)
    const refused = await at.fleet('resume')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(new RegExp(`still going on: process ${running.child.pid}`))
    await allowConnections(lab(), 'going')
    expect(await running.verdict()).toEqual({ code: 0, hosts: { going: 'persisted' } })
  })

  it('has nothing to do where no run was, and knows no run of another name', async () => {
    const at = await change('going')
    expect(await at.fleet('resume')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no run of this'),
    })
    expect(await at.fleet('resume', 'nonesuch')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no run called nonesuch'),
    })
  })
})
