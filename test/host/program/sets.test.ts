import { describe, expect, it } from 'vitest'
import { askRollback, awaitApplied } from '../../../src/host/guard.ts'
import { filter, look, type Wanted } from './change.ts'
import { type MiniHost, put } from './mini-host.ts'
import { aHost, applied, armed, becomes, confirmed, kill, over, persisted, restart, rules } from './steps.ts'

/* Sets that somebody has changed by hand: a change puts them right, and what is taken back takes them back as well. */

const sets = (family: 'inet' | 'inet6', name: string, ...entries: readonly string[]) =>
  `create ${name} hash:net family ${family}\n${entries.map(entry => `add ${name} ${entry}\n`).join('')}`
const dropped = (set: string, port: number) =>
  filter(`INPUT -m set --match-set ${set} src -j DROP`, `INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`)
const open = (port: number): Wanted => ({
  rules: { 4: dropped('evil4', port), 6: dropped('evil6', port) },
  sets:
    sets('inet', 'evil4', '203.0.113.0/24', '198.51.100.7', '192.0.2.1') +
    sets('inet6', 'evil6', '2001:db8::/32'),
})

const membersOf = async (host: MiniHost) =>
  (await host.must('ipset save'))
    .split('\n')
    .filter(line => line.startsWith('add '))
    .toSorted()

/** Persisted, and then changed by hand. */
async function changed() {
  const host = await aHost()
  await persisted(host, open(22))
  const whole = await membersOf(host)
  await host.must('ipset create theirs hash:net; ipset add theirs 10.0.0.0/8; ipset del evil4 198.51.100.7')
  await host.must(
    'ipset add evil4 10.1.0.0/16; ipset add evil4 10.2.3.4; ipset add evil6 2001:db8:1::/48 -exist',
  )
  return { host, whole: [...whole, 'add theirs 10.0.0.0/8'].toSorted(), now: await membersOf(host) }
}

describe('sets that were changed by hand', () => {
  it('are told of, and a change puts them right', async () => {
    const { host, whole } = await changed()
    const seen = await over(host, session => look(session, open(22)))
    expect(seen).toMatchObject({
      asConfirmed: true,
      generation: {
        changedSets: expect.arrayContaining([
          { name: 'evil4', missing: 1, added: 2 },
          { name: 'evil6', missing: 0, added: 1 },
        ]),
      },
    })
    await persisted(host, open(443))
    expect(await membersOf(host)).toEqual(whole)
  })

  it('are as somebody changed them where the change is taken back', async () => {
    const { host, whole, now } = await changed()
    const transaction = await applied(host, open(443))
    expect(await membersOf(host)).toEqual(whole)
    const state = await over(host, session => askRollback(session, transaction.nonce))
    expect(state.name).toBe('ROLLED_BACK')
    expect(await membersOf(host)).toEqual(now)
  })

  it('are so too where the guard was killed', async () => {
    const { host, now } = await changed()
    const transaction = await applied(host, open(443))
    await kill(host, transaction)
    await restart(host, transaction)
    await over(host, session => askRollback(session, transaction.nonce))
    await becomes(host, transaction, 'ROLLED_BACK')
    expect(await membersOf(host)).toEqual(now)
  })

  it('of others that a boot loads are no reason not to persist', async () => {
    const host = await aHost()
    const plugin = '/usr/share/netfilter-persistent/plugins.d/10-ipset'
    await host.must(
      `printf '#!/bin/sh\\nipset create theirs hash:net; ipset add theirs 10.0.0.0/8\\n' >${plugin}; chmod 755 ${plugin}`,
    )
    await persisted(host, open(22))
    await host.must('ipset del evil4 192.0.2.1; ipset add evil4 10.9.0.0/16')
    await persisted(host, open(443))
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000002\n')
  })
})

/** Sets that somebody made before any change of fleet's: 10.1.0.0/16 and 2001:db8:1::/48 are theirs alone. */
async function madeByHand(...rules: readonly string[]) {
  const host = await aHost()
  const theirs = ['create evil4 hash:net', 'add evil4 203.0.113.0/24', 'add evil4 10.1.0.0/16']
  const theirs6 = ['create evil6 hash:net family inet6', 'add evil6 2001:db8:1::/48']
  await host.must(`ipset restore; ${rules.join('; ')}`, `${[...theirs, ...theirs6].join('\n')}\n`)
  return { host, whole: await membersOf(host), before: await rulesOf(host) }
}

const rulesOf = async (host: MiniHost) =>
  (await rules(host)).split('\n').filter(line => line.startsWith('-A'))

describe('sets that somebody destroys in the window', () => {
  it('are made anew with what they held, where the old rules refer to them', async () => {
    const { host, whole, before } = await madeByHand('iptables -A INPUT -m set --match-set evil4 src -j DROP')
    const transaction = await applied(host, open(443))
    await host.must('iptables -F INPUT; ip6tables -F INPUT; ipset destroy')
    const state = await over(host, session => askRollback(session, transaction.nonce))
    expect(state).toMatchObject({ name: 'ROLLED_BACK', why: 'asked' })
    expect(await membersOf(host)).toEqual(whole)
    expect(before).toHaveLength(1)
    expect(await rulesOf(host)).toEqual(before)
  })

  it('and made otherwise keep no rules from coming back, and it is said', async () => {
    const { host, whole, before } = await madeByHand()
    const transaction = await applied(host, open(443))
    await host.must('iptables -F INPUT; ipset destroy evil4; ipset create evil4 hash:net family inet6')
    const state = await over(host, session => askRollback(session, transaction.nonce))
    expect(state).toMatchObject({ name: 'ROLLED_BACK', why: 'sets' })
    expect(await rulesOf(host)).toEqual(before)
    expect(await membersOf(host)).toEqual(whole.filter(line => line.includes('evil6')))
  })
})

/** Stands on 22 with sets; what it stands on, and the set `old4`, which rules of before alone refer to. */
async function standing() {
  const host = await aHost()
  const { rules: wanted, sets: text = '' } = open(22)
  const before = {
    4: wanted[4].replace('COMMIT', '-A INPUT -m set --match-set old4 src -j DROP\nCOMMIT'),
    6: wanted[6],
  }
  await persisted(host, { rules: before, sets: text + sets('inet', 'old4', '192.0.2.0/25') })
  return { host, whole: await membersOf(host), before: await rulesOf(host) }
}

const HARMS: readonly (readonly [what: string, how: string, set: string])[] = [
  ['flushes', 'ipset flush evil6', 'evil6'],
  ['takes a member out of', 'ipset del evil4 198.51.100.7', 'evil4'],
  ['adds a member to', 'ipset add evil4 10.1.0.0/16', 'evil4'],
  [
    'swaps another one for',
    'ipset create other hash:net; ipset add other 10.0.0.0/8; ipset swap evil4 other',
    'evil4',
  ],
]

describe('a set that is another one than what was wanted', () => {
  it.each(HARMS)(
    'is not confirmed where somebody %s it in the window, and is put right',
    async (_, how, set) => {
      const { host, whole, before } = await standing()
      const transaction = await applied(host, open(443))
      await host.must(`ipset flush old4; ${how}`)
      expect(await confirmed(host, transaction)).toMatchObject({
        is: 'not confirmed',
        state: { name: 'ROLLED_BACK', why: `set-${set}` },
      })
      await host.exec('ipset destroy other')
      expect(await membersOf(host)).toEqual(whole)
      expect(await rulesOf(host)).toEqual(before)
    },
  )

  const LIES = [
    ['does nothing', 'cat >/dev/null; exit 0', 'set-evil4'],
    ['leaves some out', "grep -v '^add evil6' | /usr/sbin/ipset restore -exist; exit 0", 'set-evil6'],
    ['fails', 'exit 1', 'apply-failed'],
  ] as const
  it.each(LIES)('is not in force for a moment where ipset %s', async (_, does, why) => {
    const host = await aHost()
    const before = await rules(host)
    const isLive = '[ /proc/self/ns/net -ef /proc/1/ns/net ]'
    put(
      host,
      'usr/local/sbin/ipset',
      `#!/bin/dash\nif [ "$1" = restore ] && ${isLive}; then ${does}; fi\nexec /usr/sbin/ipset "$@"\n`,
    )
    await host.must('chmod 755 /usr/local/sbin/ipset')
    const transaction = await armed(host, open(443))
    const state = await over(host, session => awaitApplied(session, transaction.nonce))
    expect(state).toMatchObject({ name: 'ROLLED_BACK', why })
    expect(await rules(host)).toBe(before)
  })
})
