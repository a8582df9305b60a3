import { beforeAll, describe, expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import { hostRules, inForce } from '../../integration/hosts/rules.ts'
import { until } from '../../integration/hosts/wait.ts'
import { BACKENDS, type Backend, chooseBackend } from '../backend.ts'
import { hold, isHeld, letGo } from '../hold.ts'
import { pastDeadline, stateOf, strike } from '../strike.ts'
import { type Attempt, useTrial } from '../trial.ts'
import { startWindow } from '../window.ts'

/*
 * Within the window somebody takes away or changes what the guard stands on: the rules, the tools, the state, the
 * description of the change. The old rules come back all the same, and nothing of it is ever confirmed.
 */

const LEGACY = ['switched-legacy', 'kept-legacy', 'appended']
const NFT = [
  'switched-nft',
  'kept-nft',
  'native',
  'flushed',
  'emptied',
  'unset',
  'stored',
  'readonly',
  'blind',
  'asleep',
]
const trial = useTrial('meanwhile', [...NFT, ...LEGACY], { untouched: LEGACY })
const REVERTED = 'reverted: rolled-back'

beforeAll(async () => {
  await Promise.all(LEGACY.map(name => chooseBackend(trial.host(name), 'legacy')))
  await trial.settle(...LEGACY)
})

async function endsBack(name: string, attempt: Attempt): Promise<void> {
  await becomes(trial.host(name), /^ROLLED_BACK/)
  await allowConnections(trial.lab, name)
  await trial.ends(attempt, 3, { [name]: REVERTED })
}

const input = async (name: string) =>
  (await hostRules(trial.host(name))).split('\n').filter(line => line.startsWith('-A INPUT'))

describe.concurrent('while a change waits to be confirmed', () => {
  it('nft puts in a rule that iptables-save prints as a lockout: it is left as it is', async () => {
    const attempt = await startWindow(trial, 'native')
    await trial.must(
      'native',
      `nft add set ip filter blocked '{ type ipv4_addr; }'; nft insert rule ip filter INPUT ip saddr @blocked drop
for undo in /var/lib/fleet/txn/*/undo.4; do printf '*filter\\n-D INPUT -j NONE\\nCOMMIT\\n' >$undo; done`,
    )
    await becomes(trial.host('native'), /^ROLLED_BACK/)
    expect((await input('native'))[0]).toBe('-A INPUT -j DROP')
    await allowConnections(trial.lab, 'native')
    expect(await attempt.running.verdict()).toEqual({ code: 3, hosts: { native: REVERTED } })
    const handle = 'nft -a list chain ip filter INPUT | sed -n "s/.*@blocked drop # handle //p"'
    await trial.must('native', `nft delete rule ip filter INPUT handle $(${handle})`)
    await trial.ends(attempt, 3, { native: REVERTED })
  })

  it('somebody appends a rule that drops all: what is put back does not come behind it', async () => {
    const attempt = await startWindow(trial, 'appended')
    await trial.must('appended', 'iptables -A INPUT -j DROP; ip6tables -A INPUT -j DROP')
    await becomes(trial.host('appended'), /^ROLLED_BACK/)
    expect((await input('appended')).at(-1)).toBe('-A INPUT -j DROP')
    await allowConnections(trial.lab, 'appended')
    expect(await attempt.running.verdict()).toEqual({ code: 3, hosts: { appended: REVERTED } })
    await trial.must('appended', 'iptables -D INPUT -j DROP; ip6tables -D INPUT -j DROP')
    await trial.ends(attempt, 3, { appended: REVERTED })
  })

  it('somebody flushes all rules: an empty ruleset is not confirmed', async () => {
    const attempt = await startWindow(trial, 'flushed', '30')
    await trial.must('flushed', 'nft flush ruleset')
    await allowConnections(trial.lab, 'flushed')
    await trial.ends(attempt, 3, { flushed: REVERTED })
    expect(await stateOf(trial.host('flushed'))).toBe('ROLLED_BACK-asked')
  })

  it('somebody takes an address out of a set that the rules refer to: they are not confirmed', async () => {
    const sources = Array.from({ length: 20 }, (_, at) => `'198.51.100.${2 * at + 1}'`)
    const attempt = await startWindow(trial, `unset http_from="[${sources.join(', ')}]"`, '30')
    const [set = ''] = (await trial.must('unset', 'ipset list -n')).split('\n')
    await trial.must('unset', `ipset del ${set} 198.51.100.7`)
    await allowConnections(trial.lab, 'unset')
    await trial.ends(attempt, 3, { unset: REVERTED })
    expect(await stateOf(trial.host('unset'))).toBe(`ROLLED_BACK-set-${set}`)
  })

  it('somebody flushes all rules once they are confirmed, as they are put on the disk: it is said', async () => {
    const host = trial.host('stored')
    await hold(host, 'persisting')
    const attempt = await trial.begin(['stored'], '--confirm-timeout', '30')
    await isHeld(host)
    await trial.must('stored', 'nft flush ruleset')
    await letGo(host)
    await trial.says(attempt, 3, { stored: 'persisted: not-as-left' })
    await trial.must('stored', 'netfilter-persistent start')
    await trial.isOn('stored', 'NEW')
  })

  it('somebody puts the rules to sleep, which a save does not tell: they are not confirmed, and awake again', async () => {
    const sleep = "nft 'add table ip filter { flags dormant; }'"
    const attempt = await startWindow(trial, 'asleep', '30')
    await trial.must('asleep', sleep)
    await allowConnections(trial.lab, 'asleep')
    await trial.ends(attempt, 3, { asleep: REVERTED })
    expect(await stateOf(trial.host('asleep'))).toBe('ROLLED_BACK-asleep')
    expect(await trial.must('asleep', 'nft list table ip filter')).not.toContain('dormant')

    await trial.must('asleep', sleep)
    const next = await trial.begin(['asleep'])
    await trial.ends(next, 3, { asleep: 'refused: tables-asleep' })
    const drift = await attempt.site.fleet('drift', 'inventory.ini')
    expect([drift.code, drift.stdout]).toEqual([2, expect.stringContaining('nft add table ip filter')])
  })

  it('somebody flushes all rules, and nobody hears of it', async () => {
    const attempt = await startWindow(trial, 'emptied')
    await trial.must('emptied', 'nft flush ruleset')
    await endsBack('emptied', attempt)
    expect(await stateOf(trial.host('emptied'))).toBe('ROLLED_BACK-deadline')
  })

  it('/run becomes read-only: nobody can confirm, and the old rules come back without a word', async () => {
    const host = trial.host('readonly')
    const attempt = await startWindow(trial, 'readonly')
    await trial.must('readonly', 'mount --bind /run /run && mount -o remount,bind,ro /run')
    await allowConnections(trial.lab, 'readonly')
    await until(
      () => inForce(host),
      live => live.join('') === trial.ground('readonly', 'OLD').live.join(''),
    )
    expect(await stateOf(host)).toMatch(/^APPLIED/)
    await trial.must('readonly', 'umount /run')
    await trial.ends(attempt, 3, { readonly: REVERTED })
    expect(await stateOf(host)).toMatch(/^ROLLED_BACK/)
  })

  it('what describes the change is gone, and the guard has to start again', async () => {
    const attempt = await startWindow(trial, 'blind', '8')
    await trial.must('blind', 'cd /var/lib/fleet/txn/*/ && mv meta meta.gone')
    await strike(trial.host('blind'), 'KILL')
    await pastDeadline(trial.host('blind'), -300)
    await trial.must('blind', 'cd /var/lib/fleet/txn/*/ && mv meta.gone meta')
    await endsBack('blind', attempt)
    expect(await stateOf(trial.host('blind'))).toBe('ROLLED_BACK-deadline')
  })
})

const other = (backend: Backend): Backend => (backend === 'nft' ? 'legacy' : 'nft')

describe.concurrent.each(BACKENDS)(
  'while a change made with iptables-%s waits, the alternatives',
  backend => {
    it('lead elsewhere: the guard takes it back with the tools that made it', async () => {
      const name = `switched-${backend}`
      const attempt = await startWindow(trial, name)
      await chooseBackend(trial.host(name), other(backend))
      await becomes(trial.host(name), /^ROLLED_BACK/)
      expect(await inForce(trial.host(name)), 'nothing was put there').toEqual(['', ''])
      await chooseBackend(trial.host(name), backend)
      await endsBack(name, attempt)
    })

    it('lead elsewhere: it is not confirmed, since a boot would follow them', async () => {
      const name = `kept-${backend}`
      const attempt = await startWindow(trial, name, '30')
      await chooseBackend(trial.host(name), other(backend))
      await allowConnections(trial.lab, name)
      expect(await attempt.running.verdict()).toEqual({ code: 3, hosts: { [name]: REVERTED } })
      await chooseBackend(trial.host(name), backend)
      await trial.ends(attempt, 3, { [name]: REVERTED })
    })
  },
)
