import { describe, expect, it } from 'vitest'
import { hostRules } from '../../integration/hosts/rules.ts'
import { step } from '../../integration/hosts/site.ts'
import { readGround } from '../ground.ts'
import { useTrial } from '../trial.ts'

/* Hosts whose /bin/sh is another one, and hosts without a tool: the same results, or a refusal that names what is missing. */

const trial = useTrial(
  'shells',
  ['dash', 'bash', 'busybox', 'standalone', 'poor', { name: 'sys', systemd: true }],
  { packages: true, aptLists: true, untouched: ['bash'] },
)

const shellOf = (name: string, shell: string) =>
  trial.must(name, `cp /usr/bin/${shell} /usr/bin/sh.new && mv /usr/bin/sh.new /usr/bin/sh`)

/** What is to be confirmed has time for it, however slow the machine is. */
const PATIENT = ['--confirm-timeout', '30']
const LOCKOUT = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', 'all']

/** Back from a lockout, on to a change, and through a boot. */
async function lives(name: string): Promise<void> {
  await trial.ends(await trial.begin([name], ...LOCKOUT), 3, { [name]: 'reverted: rolled-back' })
  await trial.ends(await trial.begin([name], ...PATIENT), 0, { [name]: 'persisted' })
  await trial.host(name).unplug()
  await trial.host(name).boot()
}

describe.concurrent('a host whose /bin/sh is', () => {
  it('bash goes the same way from its first contact on', async () => {
    await shellOf('bash', 'bash')
    const first = trial.start(await trial.oldSite(['bash']), ...PATIENT)
    await trial.says(first, 0, { bash: 'persisted' })
    expect(await readGround(trial.host('bash'))).toEqual(trial.ground('dash', 'OLD'))
    await trial.remember('bash')
    await lives('bash')
    await trial.isOn('bash', 'NEW')
  })

  it("busybox goes the same way where Debian's own script has its dash", async () => {
    await trial.must('busybox', "sed -i '1s,/bin/sh,/bin/dash,' /usr/sbin/netfilter-persistent")
    await shellOf('busybox', 'busybox')
    await lives('busybox')
    await trial.isOn('busybox', 'NEW')
  })

  it('busybox, under which Debian boots no rules, hears so', async () => {
    await shellOf('standalone', 'busybox')
    const attempt = await trial.begin(['standalone'], ...PATIENT)
    await trial.says(attempt, 4, { standalone: 'confirmed, not persisted: not-persisted' })
    expect(await hostRules(trial.host('standalone'))).toContain('--dports 80,8443')
    await shellOf('standalone', 'dash')
    // The guard tries again by itself, and so does the next contact.
    const again = await trial.begin(['standalone'])
    const { hosts } = await again.running.verdict()
    expect(hosts.standalone).toMatch(/^(persisted|unchanged)$/)
    await trial.says(again, 0, hosts)
    await trial.isOn('standalone', 'NEW')
  })
})

/** Refused before it is armed, by the tool's name, and nothing was done. Answers what was said. */
async function refusedWithout(name: string, tool: string) {
  const path = (await trial.must(name, `command -v ${tool}`)).trim()
  await trial.must(name, `mv ${path} ${path}.gone`)
  const attempt = await trial.begin([name])
  const { running } = attempt
  const { hosts } = await running.verdict()
  expect(hosts[name]).toMatch(/^refused/)
  await trial.must(name, `mv ${path}.gone ${path}`)
  expect(running.events.filter(step(name, 'arming'))).toEqual([])
  await trial.ends(attempt, 3, hosts)
  return running.events.flatMap(event => (event.type === 'host-settled' ? [event.finding] : []))[0]
}

const LACKS = (tool: string) => ({ code: 'host-lacks', args: { tools: [tool] } })

describe.concurrent('a host without', () => {
  it('what the guard stands on hears of it, one tool after the other', async () => {
    for (const tool of ['setsid', 'unshare', 'timeout', 'flock'])
      expect(await refusedWithout('poor', tool)).toMatchObject(LACKS(tool))
    await trial.ends(await trial.begin(['poor'], ...PATIENT), 0, { poor: 'persisted' })
  })

  it('what starts a guard under systemd hears of it, and setsid is not missed there', async () => {
    for (const tool of ['systemd-run', 'systemctl'])
      expect(await refusedWithout('sys', tool)).toMatchObject(LACKS(tool))
    await trial.must('sys', 'rm /usr/bin/setsid')
    await trial.ends(await trial.begin(['sys'], ...PATIENT), 0, { sys: 'persisted' })
  })

  it('a program of a package that apt calls installed hears that', async () => {
    expect(await refusedWithout('dash', 'ip6tables-restore')).toMatchObject({
      code: 'packages-refused',
      args: { why: 'still-lacks', detail: 'ip6tables-restore' },
    })
  })
})
