import { describe, expect, it } from 'vitest'
import { installPackages } from '../../../src/host/packages.ts'
import { rootSession } from '../../integration/hosts/root-session.ts'
import { inForce } from '../../integration/hosts/rules.ts'
import { until } from '../../integration/hosts/wait.ts'
import { AptTrial } from '../apt.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * The package step ends in the middle, by the power or by a kill: a boot loads what it loaded before, which is nothing,
 * or the operator's own rules; and whoever comes next mends it.
 */

const NAMES = ['first', 'theirs', 'unpacked', 'killed']
const trial = useTrial(
  'apt-power',
  NAMES.map(name => ({ name, systemd: true })),
  { aptLists: true, untouched: NAMES },
)
const apt = new AptTrial(trial)

const STALE = '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n'
const NO_IPSET = 'dpkg --force-depends --remove ipset; '
/** As an upgrade leaves it that was broken off. */
const UNPACK = 'cd /tmp; apt-get -qq download netfilter-persistent; dpkg --unpack netfilter-persistent_*.deb'
const inPlace = (name: string) =>
  trial.must(name, 'mkdir -p /etc/iptables; cat >/etc/iptables/rules.v4', STALE)

/** Rules of the operator's, which every boot loads. */
async function ownRules(name: string): Promise<readonly string[]> {
  await trial.must(
    name,
    `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent >/dev/null 2>&1 </dev/null
    iptables -A INPUT -s 203.0.113.66 -j DROP; ip6tables -A INPUT -s 2001:db8::66 -j DROP; netfilter-persistent save`,
  )
  return await inForce(trial.host(name))
}

/** From now on an installation stands still where dpkg has done its work. */
const standStill = (name: string) =>
  trial.must(
    name,
    `echo 'DPkg::Post-Invoke {"touch /run/stands; sleep 1000";};' >/etc/apt/apt.conf.d/99stand`,
  )
const goOn = (name: string) => trial.must(name, 'rm /etc/apt/apt.conf.d/99stand; dpkg --audit')
const stands = (name: string) =>
  until(
    () => trial.host(name).exec('test -e /run/stands'),
    ({ code }) => code === 0,
  )

async function goesDark(name: string, attempt: Attempt): Promise<void> {
  await trial.host(name).unplug()
  await trial.host(name).boot()
  attempt.running.child.kill('SIGKILL')
  await attempt.running.verdict()
  await goOn(name)
}

const begin = async (name: string) =>
  trial.start(await trial.oldSite([name]), '--confirm-timeout', '30', '--replace-unmanaged')

async function isMended(name: string, finding: string): Promise<void> {
  const attempt = await begin(name)
  await trial.says(attempt, 0, { [name]: `persisted: ${finding}` })
  await apt.isAtRest(name)
  await trial.host(name).unplug()
  await trial.host(name).boot()
  expect((await inForce(trial.host(name))).join('')).toContain('--dports 80,443')
}

describe.concurrent('in the middle of an installation', () => {
  it('the power goes at a first contact, and rules that lie there of old are not loaded', async () => {
    await inPlace('first')
    // As older releases leave it when a package goes, for its postinst to take off.
    await trial.must(
      'first',
      'DPKG_MAINTSCRIPT_PACKAGE=x deb-systemd-helper mask netfilter-persistent.service',
    )
    await standStill('first')
    const attempt = await begin('first')
    await stands('first')
    expect(await inForce(trial.host('first')), 'by the installation').toEqual(['', ''])
    await goesDark('first', attempt)
    expect(await inForce(trial.host('first')), 'by a boot').toEqual(['', ''])
    await isMended('first', 'boot-loads-other')
  })

  it.each([
    ['theirs', 'only ipset was missing', 'ipset', ''],
    ['unpacked', 'netfilter-persistent was not set up', 'netfilter-persistent', UNPACK],
  ])(
    '%s: the power goes where %s, and the rules that a boot loaded are loaded',
    async (name, _, what, make) => {
      const own = await ownRules(name)
      await trial.must(name, `${NO_IPSET}${make}`)
      await standStill(name)
      const attempt = await begin(name)
      await stands(name)
      expect(await trial.must(name, 'cat /run/fleet/packages.*')).toContain(`Setting up ${what} `)
      await goesDark(name, attempt)
      expect(await inForce(trial.host(name))).toEqual(own)
      await isMended(name, 'unmanaged-replaced')
    },
  )

  it('somebody kills it, and what a boot loads is loaded again once fleet has come by', async () => {
    const own = await ownRules('killed')
    const install = () => installPackages(rootSession(trial.host('killed')), 60_000)
    await trial.must('killed', `${NO_IPSET}${UNPACK}`)
    await standStill('killed')
    const begun = install().catch(() => undefined)
    await stands('killed')
    await trial.must('killed', `kill -9 $(pgrep -f '[p]ackages 60$') $(pgrep 'timeout|apt-get|sleep')`)
    await begun
    await goOn('killed')
    expect(await trial.must('killed', 'systemctl is-enabled netfilter-persistent || true')).toMatch(/^masked/)
    expect(await install()).toEqual([])
    expect(await trial.must('killed', 'systemctl is-enabled netfilter-persistent')).toBe('enabled\n')
    await trial.must('killed', 'rm -f /run/fleet/packages.*')
    await apt.isAtRest('killed')
    await trial.host('killed').unplug()
    await trial.host('killed').boot()
    expect(await inForce(trial.host('killed'))).toEqual(own)
  })
})
