import { describe, expect, it } from 'vitest'
import type { LabHost } from '../../../src/lab/host.ts'
import { settledAs } from '../../integration/hosts/site.ts'
import { until } from '../../integration/hosts/wait.ts'
import { readGround } from '../ground.ts'
import { hold, isHeld, letGo } from '../hold.ts'
import { type Attempt, useTrial } from '../trial.ts'

/* The power goes for real, before each call by which a confirmed change gets to the disk. */

const FIRST = ['own', 'bare', 'left']
const SYSTEMD = ['sys', 'slow', ...FIRST]
const trial = useTrial('power-long', ['light', ...SYSTEMD.map(name => ({ name, systemd: true }))], {
  aptLists: true,
  untouched: FIRST,
})
const TOOLS = ['mv', 'rm', 'sync']

/**
 * What confirms and persists stands still for good before its Nth call. That is not always the command: on a slow
 * machine the guard may see first that the change is confirmed, and persists it.
 */
async function standAt(host: LabHost, call: number): Promise<void> {
  const wrapper = `#!/bin/dash
persists() {
  case $(tr '\\0' ' ' </proc/$PPID/cmdline) in
    *' confirm '*) return 0 ;;
    *' guard '*) set -- /run/fleet/txn/*/state/CONFIRMED-*; [ -e "$1" ] ;;
    *) return 1 ;;
  esac
}
if persists; then
  read -r left </left
  echo $((left - 1)) >/left
  while [ "$left" -eq 1 ]; do : >/stands; sleep 0.05; done
fi
exec /usr/bin/\${0##*/} "$@"
`
  const place = TOOLS.map(tool => `/usr/bin/install -m 755 /tool /usr/local/sbin/${tool}`).join('; ')
  const { code, stderr } = await host.exec(`echo ${call} >/left; cat >/tool; ${place}`, wrapper)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

const goOn = (host: LabHost) => host.exec(`cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')} /stands`)

/** Whether the power went before this call: a run has only so many. */
async function goesDark(name: string, call: number): Promise<string> {
  const host = trial.host(name)
  await standAt(host, call)
  const attempt = await trial.begin([name], '--confirm-timeout', '30', '--connect-timeout', '10')
  const { running } = attempt
  const stands = await until(
    async () => (await host.exec('test -e /stands')).code === 0 || running.events.some(settledAs(name)),
    Boolean,
  )
  expect(stands).toBe(true)
  const isOver = running.events.some(settledAs(name))
  if (!isOver) {
    await host.unplug()
    await host.boot()
  }
  await goOn(host)
  const { code, hosts } = await running.verdict()
  await trial.ends(attempt, code, hosts)
  return isOver ? `over, ${hosts[name]}` : String(hosts[name])
}

describe.concurrent('the power goes before every call of a persist', () => {
  it.each(['light', 'sys'])('and the host boots the one or the other, as fleet says (%s)', async name => {
    const said: string[] = []
    for (let call = 1; !said.at(-1)?.startsWith('over'); call += 1) {
      said.push(await goesDark(name, call))
      if (said.at(-1)?.startsWith('persisted')) await trial.settle(name)
    }
    // Once a call is after the one that counts, so are all that follow.
    const words = said.join(' ').replaceAll('reverted: rolled-back', 'OLD').replaceAll('persisted', 'NEW')
    expect(words).toMatch(/^(OLD ){3,}(NEW ){2,}over, NEW$/)
  })
})

/** The power goes in the middle of what follows the confirmation of a change. */
async function goesDarkAt(
  place: Parameters<typeof hold>[1],
  name: string,
  ...args: readonly string[]
): Promise<Attempt> {
  const host = trial.host(name)
  await hold(host, place)
  const attempt = await trial.begin([name], '--confirm-timeout', '30', '--connect-timeout', '10', ...args)
  await isHeld(host)
  await host.unplug()
  await host.boot()
  await letGo(host)
  return attempt
}

describe.concurrent('the power goes, and the host lets fleet in before it has loaded its rules', () => {
  it('and fleet waits for them before it says which these are', async () => {
    const unit = '/etc/systemd/system/netfilter-persistent.service.d'
    await trial.must(
      'slow',
      `mkdir ${unit} && printf '[Service]\nExecStartPre=/bin/sleep 4\n' >${unit}/slow.conf`,
    )
    await trial.ends(await goesDarkAt('renaming', 'slow'), 3, { slow: 'reverted: rolled-back' })
    await trial.ends(await goesDarkAt('persisting', 'slow'), 0, { slow: 'persisted' })
  })
})

const firstGoesDark = (name: string, place: Parameters<typeof hold>[1]) =>
  goesDarkAt(place, name, '--replace-unmanaged')

describe.concurrent('the power goes at a first contact, between the confirmation and the disk', () => {
  it('and a host with rules of its own boots those, or what was confirmed', async () => {
    await trial.must(
      'own',
      `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent >/dev/null 2>&1 </dev/null
      iptables -A INPUT -s 203.0.113.66 -j DROP; ip6tables -A INPUT -s 2001:db8::66 -j DROP; netfilter-persistent save`,
    )
    await trial.remember('own')
    await trial.ends(await firstGoesDark('own', 'renaming'), 3, { own: 'reverted: rolled-back' })
    const attempt = await firstGoesDark('own', 'persisting')
    await trial.says(attempt, 0, { own: 'persisted: unmanaged-replaced' })
    const { live, boots } = await readGround(trial.host('own'))
    expect(live.join('')).toBe(boots)
    expect(boots).toContain('--dports 80,8443')
  })

  it('and a host that had none boots none, until all is done', async () => {
    await trial.ends(await firstGoesDark('bare', 'renaming'), 3, { bare: 'reverted: rolled-back' })
    // Its generation is there, and no boot loads it: netfilter-persistent is not enabled before that was rehearsed.
    await trial.says(await firstGoesDark('bare', 'persisting'), 3, { bare: 'reverted: rolled-back' })
    expect(await trial.must('bare', 'readlink /etc/iptables/fleet/current')).toBe('gen-000001\n')
    expect((await readGround(trial.host('bare'))).live).toEqual(['', ''])
    await (await trial.newSite(['bare'])).mustApply()
    await trial.host('bare').unplug()
    await trial.host('bare').boot()
    const { live, boots } = await readGround(trial.host('bare'))
    expect(live.join('')).toBe(boots)
    expect(boots).toContain('--dports 80,8443')
  })

  it('and who resumes for a fleet that died with the power is told the same', async () => {
    const host = trial.host('left')
    await hold(host, 'persisting')
    const { site, running } = await trial.begin(['left'], '--confirm-timeout', '30')
    await isHeld(host)
    await running.kill()
    await host.unplug()
    await host.boot()
    await letGo(host)
    const resumed = { site, running: site.start('resume', '--connect-timeout', '10') }
    await trial.says(resumed, 3, { left: 'reverted: rolled-back' })
    expect((await readGround(host)).live).toEqual(['', ''])
  })
})
