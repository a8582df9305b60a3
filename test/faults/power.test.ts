import { describe, expect, it } from 'vitest'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { inForce } from '../integration/hosts/rules.ts'
import { until } from '../integration/hosts/wait.ts'
import { replaceTool } from './backend.ts'
import { readGround } from './ground.ts'
import { hold, isHeld, letGo } from './hold.ts'
import { type Left, record, whatIsLeft } from './torn-disk.ts'
import { type Attempt, useTrial } from './trial.ts'

/*
 * The power goes at every time of a change: a host boots its old rules, or, once it was confirmed, its new ones, and
 * never a mixture; a fleet that still lives says which.
 */

const LIGHT = ['dark', 'open', 'opened', 'damaged', 'kept', 'next', 'met']
const trial = useTrial('power', [...LIGHT, { name: 'sys', systemd: true }], {
  untouched: ['met'],
  aptLists: true,
})

/** Hundredths of a second since the latest change was armed. */
const ARMED_FOR =
  'echo $(($(tr -d . </proc/uptime | cut -d " " -f 1) - $(cat "$(ls -t /run/fleet/txn/*/armed | head -n 1)")))'

async function heldAt(name: string, place: Parameters<typeof hold>[1], seconds = '20'): Promise<Attempt> {
  await hold(trial.host(name), place)
  const attempt = await trial.begin([name], '--confirm-timeout', seconds)
  await isHeld(trial.host(name))
  return attempt
}

/** How a run gets to the moment in which the power goes. */
const MOMENTS = {
  armed: async (name: string) => {
    const attempt = await heldAt(name, 'arming')
    attempt.running.child.kill('SIGSTOP')
    await letGo(trial.host(name))
    await becomes(trial.host(name), /^ARMED/)
    return attempt
  },
  applying: async (name: string) => {
    const attempt = await heldAt(name, 'applying')
    await becomes(trial.host(name), /^APPLYING/)
    return attempt
  },
  applied: async (name: string) => {
    await allowOneConnection(trial.lab, name)
    const attempt = await trial.begin([name])
    await becomes(trial.host(name), /^APPLIED/)
    return attempt
  },
  rollingBack: async (name: string) => {
    await allowOneConnection(trial.lab, name)
    const attempt = await heldAt(name, 'undoing', '4')
    await becomes(trial.host(name), /^ROLLING_BACK/)
    return attempt
  },
  renaming: (name: string) => heldAt(name, 'renaming'),
  persisting: (name: string) => heldAt(name, 'persisting'),
} as const

async function goesDark(name: string, moment: keyof typeof MOMENTS): Promise<Attempt> {
  const attempt = await MOMENTS[moment](name)
  const host = trial.host(name)
  await host.unplug()
  await host.boot()
  await letGo(host)
  await allowConnections(trial.lab, name)
  attempt.running.child.kill('SIGCONT')
  return attempt
}

const LOST = 'unknown: transaction-lost'

/** ... and its controller is dead: another one resumes. */
async function resumesAfterBoot(name: string, { site }: Attempt): Promise<Attempt> {
  const host = trial.host(name)
  await host.unplug()
  await host.boot()
  await allowConnections(trial.lab, name)
  return { site, running: site.start('resume', '--connect-timeout', '3') }
}

describe.concurrent('the power goes', () => {
  it.each(['dark', 'sys'])(
    'while a host is armed, applies, has applied, goes back, is about to persist, and persists (%s)',
    async name => {
      for (const moment of ['armed', 'applying', 'applied', 'rollingBack', 'renaming'] as const)
        await trial.ends(await goesDark(name, moment), 3, { [name]: 'reverted: rolled-back' })
      await trial.ends(await goesDark(name, 'persisting'), 0, { [name]: 'persisted' })
    },
  )

  it.each([
    ['open', 'applied'],
    ['opened', 'persisting'],
  ] as const)(
    'and the boot loads nothing of it (%s): a fleet that resumes cannot know',
    async (name, moment) => {
      const attempt = await MOMENTS[moment](name)
      await attempt.running.kill()
      const host = trial.host(name)
      for (const tool of ['iptables-restore', 'ip6tables-restore']) await replaceTool(host, tool, 'exit 1')
      await trial.says(await resumesAfterBoot(name, attempt), 4, { [name]: LOST })
      expect(await inForce(host)).toEqual(['', ''])
    },
  )

  it('and what was confirmed last is damaged: a fleet that resumes cannot know', async () => {
    const attempt = await MOMENTS.applied('damaged')
    await attempt.running.kill()
    await trial.must(
      'damaged',
      'cd /etc/iptables/fleet; echo "# damaged" | tee -a current/rules.v4 >>current/meta.json; rm -r staged-*/kept',
    )
    await trial.says(await resumesAfterBoot('damaged', attempt), 4, { damaged: LOST })
  })

  it('and a container is started again with its boot id and its /run, which tell of rules that are gone', async () => {
    const host = trial.host('kept')
    const attempt = await heldAt('kept', 'renaming')
    await becomes(host, /^CONFIRMED/)
    attempt.running.child.kill('SIGSTOP')
    // Two machines may count time differently by a second: a boot is known as one by more than that.
    await until(
      () => trial.must('kept', ARMED_FOR),
      hundredths => Number(hundredths) > 150,
    )
    const boot = await trial.must('kept', 'cat /proc/sys/kernel/random/boot_id')
    await trial.must('kept', 'cp -a /run/fleet /kept; cat /proc/sys/kernel/random/boot_id >/kept/boot_id')
    await host.unplug()
    await host.boot()
    // In place: another file in its place is not the one that the kernel's own stands under.
    await trial.must('kept', 'cat /kept/boot_id >/run/lab/boot_id; rm /kept/boot_id; cp -a /kept /run/fleet')
    expect(await trial.must('kept', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot)
    await letGo(host)
    attempt.running.child.kill('SIGCONT')
    await trial.says(attempt, 3, { kept: 'reverted: rolled-back' })
    expect({ ...(await readGround(host)), isLocked: false }).toEqual(trial.ground('kept', 'OLD'))
    await trial.ends(await trial.begin(['kept']), 0, { kept: 'persisted' })
  })

  it('at any step that touches the disk, with what was not synced and without', {
    timeout: 400_000,
  }, async () => {
    const host = trial.host('next')
    await record(host)
    await trial.ends(await trial.begin(['next']), 0, { next: 'persisted' })
    const [old, now] = [trial.ground('next', 'OLD').boots, trial.ground('next', 'NEW').boots]
    isWhole(await whatIsLeft(host), old, now)
  })

  it('at any step of the first change of a host that had rules of its own', {
    timeout: 400_000,
  }, async () => {
    const host = trial.host('met')
    await trial.must(
      'met',
      `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent >/dev/null 2>&1 </dev/null
      iptables -A INPUT -s 203.0.113.66 -j DROP; ip6tables -A INPUT -s 2001:db8::66 -j DROP; netfilter-persistent save`,
    )
    await trial.remember('met')
    await record(host)
    // So many that they become a set, which a boot has only by fleet's plugin.
    const sources = Array.from({ length: 20 }, (_, at) => `198.51.100.${at + 1}`)
    const files = { 'host_vars/met.yml': `http_from: [${sources.join(', ')}]\n` }
    const attempt = trial.start(await trial.newSite(['met'], files), '--replace-unmanaged')
    await trial.says(attempt, 0, { met: 'persisted: unmanaged-replaced' })
    const { boots } = await readGround(host)
    expect(boots).toMatch(/--match-set \S+ src .*--dports 80,8443|--dports 80,8443 .*--match-set/)
    isWhole(await whatIsLeft(host), trial.ground('met', 'OLD').boots, boots)
  })
})

/** Before the confirmation a boot is OLD, afterwards one of the two, and once the host has said `persisted` it is NEW. */
function isWhole(left: readonly Left[], old: string, now: string): void {
  const may = ({ state }: Left) => {
    if (state.startsWith('PERSISTED')) return [now]
    return state.startsWith('CONFIRMED') ? [old, now] : [old]
  }
  const wrong = left.filter(one => !may(one).includes(one.boots))
  expect(wrong.map(({ how, call, state }) => `${how}, before ${call} (${state})`)).toEqual([])
  const between = left.filter(({ state }) => state.startsWith('CONFIRMED'))
  expect(new Set(between.map(({ boots }) => boots))).toEqual(new Set([old, now]))
  expect(left.at(-1)).toMatchObject({ call: 'the end', state: expect.stringMatching(/^PERSISTED/) })
}
