import { describe, expect, it } from 'vitest'
import { arm, awaitApplied, confirm, go, type Transaction } from '../../src/host/guard.ts'
import type { LabHost } from '../../src/lab/host.ts'
import { look, transactionTo, wanted, web } from '../host/program/change.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { rootSession } from '../integration/hosts/root-session.ts'
import { makeSite, type Site } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* What `fleet status` says of hosts at every turn of a change, and that it changes nothing by asking. */

const lab = useTestLab('status', ['one', 'two', 'turns', 'broken', 'stuck', 'never', 'off'], {
  packages: true,
  aptLists: true,
})

const site = (...names: readonly string[]) =>
  makeSite(lab(), ['[web]', ...names], { 'templates/web.hbs': '{{#broken', 'fleet.yml': '{}\n' })

async function must(host: LabHost, command: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(command)
  if (code !== 0) throw new Error(`${host.name}: ${command}: ${stderr}`)
  return stdout
}

/** Begun by hand: without sshd's session above it the guard stays armed until it is told to go. */
async function armed(host: LabHost, want: typeof web, confirmTimeout = 30_000): Promise<Transaction> {
  const session = rootSession(host)
  const transaction = transactionTo(await look(session, want), want, { confirmTimeout })
  await arm(session, transaction)
  return transaction
}

async function applied(host: LabHost, want: typeof web, confirmTimeout?: number): Promise<Transaction> {
  const transaction = await armed(host, want, confirmTimeout)
  await go(rootSession(host), transaction.nonce)
  expect((await awaitApplied(rootSession(host), transaction.nonce)).name).toBe('APPLIED')
  return transaction
}

async function confirmed(host: LabHost, { nonce }: Transaction) {
  const boot = (await must(host, 'cat /proc/sys/kernel/random/boot_id')).trim()
  return confirm(rootSession(host), nonce, boot)
}

/** And the shell that starts it again. */
const killGuard = (host: LabHost, { nonce }: Transaction) =>
  must(
    host,
    `for one in /proc/[0-9]*; do if tr '\\0' ' ' <$one/cmdline | grep -q 'guar[d] ${nonce}'; then kill -9 \${one#/proc/}; fi; done`,
  )

const install = (host: LabHost) =>
  must(
    host,
    'DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent ipset >/dev/null 2>&1 </dev/null',
  )

/** What `--json` says of the one host of a site, and the exit code. */
async function status(at: Site): Promise<Record<string, unknown>> {
  const { code, stdout } = await at.fleet('status', '--json', '--connect-timeout', '3')
  return { code, ...JSON.parse(stdout) }
}

describe.concurrent('fleet status', () => {
  it('says that a host was never touched, and leaves nothing there', async () => {
    const host = lab().host('never')
    const at = await site('never')
    expect(await at.fleet('status')).toMatchObject({ code: 0, stdout: 'never: nothing of fleet is there\n' })
    expect((await host.exec('ls -d /var/lib/fleet /run/fleet')).stdout).toBe('')
  })

  it('follows a change through its turns', async () => {
    const host = lab().host('turns')
    await install(host)
    const at = await site('turns')
    const first = await armed(host, web)
    const run = { run: 'run-1', who: 'tester@controller', since: '2026-01-01T00:00:00Z' }
    const left = expect.any(Number)
    expect(await status(at)).toMatchObject({
      code: 2,
      condition: 'pending',
      generation: null,
      guard: { state: 'ARMED', alive: true, left, isRemoval: false, ...run },
    })
    await go(rootSession(host), first.nonce)
    await awaitApplied(rootSession(host), first.nonce)
    const at2 = await status(at)
    expect(at2).toMatchObject({ code: 2, guard: { state: 'APPLIED', alive: true, left, ...run } })
    expect(at2.guard).toHaveProperty(
      'left',
      expect.toSatisfy((left: number) => left > 0 && left <= 30_000),
    )
    expect((await at.fleet('status')).stdout).toMatch(
      /change applied and not confirmed; rolls back in \d+ s unless it goes on \(run run-1 of tester@controller/,
    )
    expect((await confirmed(host, first)).is).toBe('persisted')
    const whole = {
      number: 1,
      run: 'run-1',
      who: 'tester@controller',
      whole: true,
      linked: true,
      plugins: true,
    }
    expect(await status(at)).toMatchObject({
      code: 0,
      condition: 'settled',
      generation: { ...whole, made: '2026-01-01T00:00:00Z', enabled: true },
      guard: null,
      last: { state: 'PERSISTED', ...run },
    })
    await applied(host, wanted(), 4000)
    await becomes(host, /ROLLED_BACK/)
    expect(await status(at)).toMatchObject({
      code: 0,
      generation: whole,
      last: { state: 'ROLLED_BACK', why: 'deadline' },
    })
  })

  it('tells of a generation that would not boot, and of one that is damaged', async () => {
    const host = lab().host('broken')
    await install(host)
    const at = await site('broken')
    await confirmed(host, await applied(host, web))
    await must(host, 'rm /usr/share/netfilter-persistent/plugins.d/30-fleet')
    expect(await status(at)).toMatchObject({ code: 2, generation: { plugins: false } })
    await must(host, 'echo garbage >>/etc/iptables/fleet/current/rules.v6')
    expect(await status(at)).toMatchObject({ code: 4, condition: 'in danger', generation: { whole: false } })
    expect((await at.fleet('status')).stdout).toContain('its files are damaged')
  })

  it('tells of a rollback that is stuck, of a change that is not on disk, and of a guard that is gone', async () => {
    const host = lab().host('stuck')
    await install(host)
    const at = await site('stuck')
    const wrap = (tool: string) =>
      must(host, `printf '#!/bin/sh\\nexit 1\\n' >/usr/local/sbin/${tool}; chmod 755 /usr/local/sbin/${tool}`)
    const transaction = await applied(host, web)
    await wrap('sync')
    expect((await confirmed(host, transaction)).is).toBe('not persisted')
    expect(await status(at)).toMatchObject({ code: 4, guard: { state: 'CONFIRMED' } })
    await must(host, 'rm /usr/local/sbin/sync')
    expect((await confirmed(host, transaction)).is).toBe('persisted')
    expect(await status(at)).toMatchObject({ code: 0 })
    const second = await applied(host, wanted(), 20_000)
    await killGuard(host, second)
    expect(await status(at)).toMatchObject({ code: 4, guard: { state: 'APPLIED', alive: false } })
    await must(host, 'sh /var/lib/fleet/rollback || test $? = 10')
    await applied(host, wanted(), 4000)
    await wrap('iptables-restore')
    await becomes(host, /^STUCK/)
    expect(await status(at)).toMatchObject({ code: 4, condition: 'in danger', guard: { state: 'STUCK' } })
    await must(host, 'rm /usr/local/sbin/iptables-restore')
    await becomes(host, /^ROLLED_BACK/)
  })

  it('folds hosts that are alike, names one that it cannot reach, and needs no template', async () => {
    const at = await makeSite(lab(), ['[web]', 'one', 'two', 'off'], {
      'group_vars/web.yml': 'http_ports: [80]\n',
    })
    await lab().host('off').unplug()
    expect((await at.fleet('apply', '-l', 'one,two')).code).toBe(0)
    await at.write({ 'templates/web.hbs': '{{#broken' })
    expect((await at.fleet('apply')).code).toBe(1)
    const { code, stdout } = await at.fleet('status', '--connect-timeout', '2')
    expect(code).toBe(3)
    expect(stdout).toMatch(/^one, two \(2 hosts\): generation 1, made \d{4}-.* UTC by root@\S+ \(run \S+\)$/m)
    expect(stdout).toMatch(/^off: unreachable: /m)
    expect((await at.fleet('status', '-l', 'one')).code).toBe(0)
  })
})
