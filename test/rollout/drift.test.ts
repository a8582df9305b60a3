import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm, awaitApplied, go } from '../../src/host/guard.ts'
import { look, transactionTo, web } from '../host/program/change.ts'
import { rootSession } from '../integration/hosts/root-session.ts'
import { hostRules } from '../integration/hosts/rules.ts'
import { makeSite, type Site } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Somebody at a host's console, and what `fleet drift` says of it; `fleet apply --only-drifted` afterwards. */

const NAMES = ['live', 'edited', 'saved', 'fine', 'fresh', 'off'] as const
const lab = useTestLab('drift', [...NAMES, 'busy', 'sets'], { packages: true })
const ALL = NAMES.join(',')
const APPLIED = 'live,edited,saved,fine'

const site = (ports: string, hosts: readonly string[] = NAMES): Promise<Site> =>
  makeSite(lab(), ['[web]', ...hosts], { 'group_vars/web.yml': `http_ports: ${ports}\n` })

async function must(name: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await lab().host(name).exec(command)
  if (code !== 0) throw new Error(`${name}: ${command}: ${stderr}`)
  return stdout
}

interface Line {
  readonly kind: string
  readonly text: string
}

/** A line of `--json`; the lists are there where the host could be looked at. */
interface HostLine {
  readonly type: string
  readonly host: string
  readonly kinds?: readonly string[]
  readonly pending?: boolean | null
  readonly state?: string
  readonly generation?: { readonly made: string }
  readonly live?: readonly Line[]
  readonly disk?: readonly Line[]
}

/** What `--json` says of each host, and the exit code. */
async function drift(at: Site, ...args: readonly string[]) {
  const { code, stdout } = await at.fleet('drift', '--json', '--connect-timeout', '3', ...args)
  const lines: readonly HostLine[] = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.every(({ type }) => type === 'host-drift')).toBe(true)
  return { code, hosts: Object.fromEntries(lines.map(line => [line.host, line])) }
}

const changed = (lines: readonly Line[] = []) =>
  lines.filter(({ kind }) => kind !== ' ').map(({ kind, text }) => `${kind}${text}`)
const words = (hosts: Readonly<Record<string, HostLine>>) =>
  Object.fromEntries(
    Object.entries(hosts).map(([host, one]) => [host, one.kinds ? [one.kinds, one.pending] : one.state]),
  )

const STRAY = '-A INPUT -s 203.0.113.9/32 -j ACCEPT'

describe('fleet drift', () => {
  it('says one line where nothing drifted', async () => {
    const at = await site('[80]')
    expect((await at.fleet('apply', '-l', APPLIED)).code).toBe(0)
    expect(await at.fleet('drift', '-l', APPLIED)).toEqual({
      code: 0,
      stdout: '4 hosts: nothing drifted\n',
      stderr: '',
    })
    const { code, hosts } = await drift(at, '-l', 'fine')
    expect(code).toBe(0)
    expect(hosts.fine).toMatchObject({ drifted: false, pending: false, live: [], disk: [], rendered: [] })
  })

  it('shows what somebody changed, live and on disk, and counts nobody whom it could not ask', async () => {
    const at = await site('[80]')
    const http =
      (await hostRules(lab().host('live'))).split('\n').find(rule => / --dport 80 /.test(rule)) ?? ''
    expect(http).not.toBe('')
    await must('live', `iptables ${http.replace('-A', '-D')} && iptables ${STRAY.replace('-A', '-I')}`)
    await must('edited', `sed -i '/ --dport 80 /d' /etc/iptables/fleet/current/rules.v4`)
    await must(
      'saved',
      `iptables ${STRAY} && netfilter-persistent save && iptables ${STRAY.replace('-A', '-D')}`,
    )
    await lab().host('off').unplug()

    const { code, hosts } = await drift(at)
    expect(code).toBe(3)
    expect(words(hosts)).toEqual({
      live: [['rules', 'strangers'], false],
      edited: [['damaged'], null],
      saved: [['unlinked'], false],
      fine: [[], false],
      fresh: [['never-applied'], null],
      off: 'unreachable',
    })
    expect(changed(hosts.live?.live)).toEqual([`+${STRAY}`, `-${http}`])
    expect(hosts.live).toMatchObject({
      disk: [],
      generation: { number: 1, who: expect.stringMatching(/^root@/), run: expect.any(String) },
      since: hosts.live?.generation?.made,
      strangers: [{ family: 4, rule: STRAY, counts: true, software: null }],
    })
    expect(changed(hosts.edited?.disk)).toEqual([`-${http}`])
    expect(changed(hosts.saved?.disk)).toEqual([`+${STRAY}`])

    const { code: again, stdout } = await at.fleet('drift', '-l', 'live,fine')
    expect(again).toBe(2)
    expect(stdout).toMatch(/^live: drifted$/m)
    expect(stdout).toMatch(/^ {2}generation 1, confirmed \d{4}-.* UTC by root@\S+ \(run \S+\)$/m)
    expect(stdout).toMatch(/^ {2}changed by somebody since \d{4}-.* UTC; the host keeps no record of whom$/m)
    expect(stdout).toContain(`  - ${http}\n`)
    expect(stdout).toContain(`  + ${STRAY}\n`)
    expect(stdout).toMatch(/^2 hosts: 1 in order, 1 drifted$/m)
  })

  it('writes metrics that a collector can read at any moment', async () => {
    const at = await site('[80]')
    await at.write({ 'metrics/other.txt': '' })
    expect((await at.fleet('drift', '--textfile', 'metrics/fleet.prom', '--connect-timeout', '3')).code).toBe(
      3,
    )
    const text = await readFile(join(at.folder, 'metrics/fleet.prom'), 'utf8')
    expect(text).toContain('fleet_drift{host="live"} 1\n')
    expect(text).toContain('fleet_drift{host="fine"} 0\n')
    expect(text).toContain('fleet_drift_kind{host="edited",kind="damaged"} 1\n')
    expect(text).toContain('fleet_drift_unreachable{host="off"} 1\n')
    expect(text).not.toContain('fleet_drift{host="off"}')
    expect(text).toMatch(/^fleet_drift_last_run_timestamp_seconds \d{10}\.\d{3}$/m)
    expect((await stat(join(at.folder, 'metrics/fleet.prom'))).mode & 0o777).toBe(0o644)
    expect((await readdir(join(at.folder, 'metrics'))).sort()).toEqual(['fleet.prom', 'other.txt'])
    const nowhere = await at.fleet('drift', '--textfile', 'nowhere/fleet.prom')
    expect(nowhere).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nowhere/fleet.prom: '),
    })
    const unread = await at.fleet('drift', '--textfile', 'metrics/fleet.txt')
    expect(unread).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('.prom') })
  })

  it('looks into the sets that rules refer to', async () => {
    const blocked = Array.from({ length: 40 }, (_, at) => `203.0.113.${at * 2}`)
    const at = await makeSite(lab(), ['[web]', 'sets'], {
      'fleet.yml': 'roles:\n  web: [blocklist, web]\n',
      'group_vars/web.yml': `blocked: [${blocked.join(', ')}]\n`,
    })
    await at.mustApply()
    expect(await drift(at)).toMatchObject({ code: 0, hosts: { sets: { kinds: [] } } })
    const set =
      (await must('sets', 'ipset list -n')).split('\n').find(name => name.startsWith('fleet4-')) ?? ''
    await must(
      'sets',
      `ipset del ${set} 203.0.113.4; ipset add ${set} 192.0.2.0/24; ipset add ${set} 192.0.2.77`,
    )
    const { code, hosts } = await drift(at)
    expect([code, hosts.sets]).toMatchObject([
      2,
      { kinds: ['sets'], findings: [{ args: { sets: [`${set} (1 missing, 2 added)`] } }] },
    ])
    const { stdout } = await at.fleet('plan')
    expect(stdout).toContain(`${set} (1 missing, 2 added). \`fleet apply\` puts them right.\n`)
    expect(stdout).toContain('The rules stay as they are; what the sets hold changes.\n')
    expect(await at.start('apply', '--only-drifted').verdict()).toEqual({
      code: 0,
      hosts: { sets: 'persisted' },
    })
    expect((await drift(at)).code).toBe(0)
    expect((await must('sets', `ipset list ${set}`)).match(/^\d.*$/gm)).toHaveLength(blocked.length)
  })

  it('does not judge a host at which somebody is at work', async () => {
    const host = lab().host('busy')
    const at = await site('[80]', ['busy'])
    await at.mustApply()
    const session = rootSession(host)
    const transaction = transactionTo(await look(session, web), web, { confirmTimeout: 60_000 })
    await arm(session, transaction)
    await go(session, transaction.nonce)
    await awaitApplied(session, transaction.nonce)
    const { code, hosts } = await drift(at)
    expect([code, hosts.busy]).toMatchObject([3, { state: 'refused', finding: { code: 'host-busy' } }])
    await must('busy', 'sh /var/lib/fleet/rollback || test $? = 10')
    expect(await drift(at)).toMatchObject({ code: 0, hosts: { busy: { drifted: false } } })
  })
})

describe('fleet apply --only-drifted', () => {
  it('mends what drifted, and leaves out what is only pending or was never applied', async () => {
    await lab().host('off').boot()
    const at = await site('[80, 443]')
    const before = await hostRules(lab().host('fine'))
    expect(words((await drift(at, '-l', 'fine')).hosts)).toEqual({ fine: [[], true] })
    const pending = await at.fleet('drift', '-l', 'fine')
    expect(pending).toMatchObject({ code: 2, stdout: expect.stringMatching(/^fine: pending$/m) })
    expect(pending.stdout).toMatch(/^ +\+ -A INPUT .*443/m)

    const running = at.start('apply', '--only-drifted', '--replace-unmanaged', '-l', ALL.replace(',off', ''))
    expect(await running.verdict()).toEqual({
      code: 0,
      hosts: {
        live: 'persisted: unmanaged-replaced',
        // Its file no longer said that the rule for port 80 was fleet's.
        edited: 'persisted: unmanaged-replaced',
        saved: 'persisted',
        fine: 'unchanged: left-out-not-drifted',
        fresh: 'unchanged: left-out-never-applied',
      },
    })
    expect(await hostRules(lab().host('fine'))).toBe(before)
    expect(await hostRules(lab().host('fresh'))).toBe('')
    const { code, hosts } = await drift(at, '-l', APPLIED)
    expect(code).toBe(2)
    expect(words(hosts)).toEqual({
      live: [[], false],
      edited: [[], false],
      saved: [[], false],
      fine: [[], true],
    })
  })
})
