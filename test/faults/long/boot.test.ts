import { beforeAll, describe, expect, it } from 'vitest'
import { startDocker } from '../../integration/hosts/foreign.ts'
import { hostRules, inForce } from '../../integration/hosts/rules.ts'
import { readGround } from '../ground.ts'
import { useTrial } from '../trial.ts'

/*
 * A boot that finds something else than what was confirmed: the rules are in force all the same, or the unit has
 * failed and says why. An open host is never silent.
 */

const trial = useTrial('boot', [{ name: 'sys', systemd: true }])
const host = () => trial.host('sys')
const SOURCES = Array.from({ length: 20 }, (_, at) => `198.51.100.${at + 1}`)
const site = () => trial.newSite(['sys'], { 'host_vars/sys.yml': `http_from: [${SOURCES.join(', ')}]\n` })

let confirmed: readonly string[]

beforeAll(async () => {
  await (await site()).mustApply()
  confirmed = await inForce(host())
})

/** What the disk may have become, where the last change still knows what it was. */
const PUT_BACK: readonly (readonly [what: string, how: string])[] = [
  ['a set is missing', ': >current/ipsets'],
  ['the sets do not load', 'echo garbage >>current/ipsets'],
  ['a file of rules does not load', 'echo garbage >>current/rules.v4'],
  ['a file of rules is empty', ': >current/rules.v6'],
  ['a file of rules was changed', "sed -i 's/8443/8444/' current/rules.v4"],
  [
    'rules were saved by hand, through the links',
    'iptables -A INPUT -s 203.0.113.66 -j DROP; iptables-save >/etc/iptables/rules.v4',
  ],
]

const NOT_FOUND = /generation that is to boot is not to be found/
const NOT_THOSE = /rules loaded at boot are not those of generation/
/** Where nothing on the disk knows it any more, and what a boot says of it. */
const DAMAGES: readonly (readonly [what: string, how: string, says: RegExp])[] = [
  ['a set is missing, and its change forgotten', ': >current/ipsets; rm -r /var/lib/fleet/txn', NOT_THOSE],
  [
    'a file of rules is empty, and its change forgotten',
    ': >current/rules.v6; rm -r /var/lib/fleet/txn',
    NOT_THOSE,
  ],
  ['the generation is gone', 'rm -r "$(readlink -f current)"', NOT_FOUND],
  ['the link leads nowhere', 'ln -sfn gen-000077 current', NOT_FOUND],
  ['the link is gone', 'rm current', NOT_FOUND],
  ['the link is an absolute one', 'ln -sfn "$PWD/$(readlink current)" current', NOT_FOUND],
  ['fleet itself is gone', 'rm program.sh', /program\.sh/],
]

async function bootsAgain(): Promise<void> {
  await host().unplug()
  await host().boot()
}

const unit = () =>
  trial.must('sys', 'systemctl show -p ActiveState --value netfilter-persistent').then(text => text.trim())
const said = () => trial.must('sys', 'journalctl --boot --unit netfilter-persistent --output cat --no-pager')

describe('a boot', () => {
  it.each(PUT_BACK)('loads what was confirmed where %s, puts it back, and says so', async (_, how) => {
    await trial.must('sys', `cd /etc/iptables/fleet && ${how}`)
    await bootsAgain()
    expect(await inForce(host())).toEqual(confirmed)
    expect(await said()).toMatch(/what was saved over generation \d+ is taken back/)
    await bootsAgain()
    expect(await unit()).toBe('active')
    expect(await inForce(host())).toEqual(confirmed)
  })

  it.each(DAMAGES)('is loud where %s, and the next apply mends it', async (_, how, says) => {
    await trial.must('sys', `cd /etc/iptables/fleet && ${how}`)
    await bootsAgain()
    expect(await unit()).toBe('failed')
    expect(await said()).toMatch(says)
    await (await site()).mustApply()
    const { live, boots } = await readGround(host())
    expect(live).toEqual(confirmed)
    expect(boots).toBe(confirmed.join(''))
  })

  it('is quiet where netfilter-persistent saved all there is, and where the chains of Docker are not there yet', async () => {
    await startDocker(host())
    const asked = await site()
    await asked.mustApply()
    await trial.must('sys', 'iptables -A INPUT -s 203.0.113.66 -j DROP; netfilter-persistent save')
    await bootsAgain()
    expect(await unit()).toBe('active')
    expect(await hostRules(host())).toMatch(/--dports 80,8443[\s\S]*203\.0\.113\.66/)
    await asked.mustApply()
    await bootsAgain()
    expect(await unit()).toBe('active')
    const { live, boots } = await readGround(host())
    expect(live.join('')).toBe(boots)
    expect(boots).toContain('--dports 80,8443')
    expect(boots).not.toMatch(/DOCKER|203\.0\.113\.66/)
    expect(live[0], 'until dockerd says so itself').toContain(':FORWARD DROP')
  })
})
