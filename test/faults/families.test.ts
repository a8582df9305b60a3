import { beforeAll, describe, expect, it } from 'vitest'
import { becomes } from '../integration/hosts/guard.ts'
import { hostRules } from '../integration/hosts/rules.ts'
import { BACKENDS, type Backend, breakApply, chooseBackend, mendTools, replaceTool } from './backend.ts'
import { useTrial } from './trial.ts'

/*
 * One family or one table goes, the other doesn't. Restoring isn't atomic across tables or families: the host itself
 * puts all of it back, and tables that weren't there before are left empty and open.
 */

const KINDS = ['broken', 'locked', 'added']
const of = (backend: Backend, ...kinds: readonly string[]) => kinds.map(kind => `${kind}-${backend}`)
const LEGACY = of('legacy', ...KINDS, 'first')
const trial = useTrial('families', [...of('nft', ...KINDS, 'first'), ...LEGACY], {
  untouched: ['first-nft', ...LEGACY],
})

beforeAll(async () => {
  await Promise.all(LEGACY.map(name => chooseBackend(trial.host(name), 'legacy')))
  await trial.settle(...of('legacy', ...KINDS))
})

const role = (...lines: readonly string[]) =>
  ['---', 'role: Of a test.', 'order: first', '---', ...lines, ''].join('\n')

/** In tables and chains that no host had before. */
const ADDED = [
  '*mangle',
  '-A PREROUTING -p tcp --dport 8443 -j MARK --set-mark 7',
  'COMMIT',
  '*raw',
  ':PREROUTING ACCEPT',
  ':MINE -',
  '-A PREROUTING -j MINE',
  '-A MINE -p udp --dport 9 -j DROP',
  'COMMIT',
]
const noSsh = (family: 4 | 6) => [
  '*filter',
  `{{#v${family}}}`,
  '-A INPUT -p tcp --dport 22 -j DROP',
  `{{/v${family}}}`,
  'COMMIT',
]

/** A folder that asks for NEW, with a role more. */
const siteWith = (row: string, ...lines: readonly string[]) =>
  trial.newSite([row], {
    'templates/own.hbs': role(...lines),
    'group_vars/all.yml': 'fleet_roles: [own, base, web, final]\n',
  })
const FORCED = ['--accept-lockout-risk', 'all']
const back = (name: string) => [3, { [name]: 'reverted: rolled-back' }] as const

/** A table of a save; '' where it isn't there. */
const table = (save: string, name: string) =>
  new RegExp(`^\\*${name}\\n[^]*?^COMMIT\\n`, 'm').exec(save)?.[0] ?? ''

/** Gone, or empty with nothing but ACCEPT. */
async function areOpen(name: string, ...tables: readonly string[]): Promise<void> {
  for (const family of [4, 6] as const) {
    const save = await hostRules(trial.host(name), family)
    for (const one of tables) expect(table(save, one)).toMatch(/^(\*\w+\n(:\w+ ACCEPT\n)+COMMIT\n)?$/)
  }
}

/** The second table of a restore gets a rule that doesn't load; what is live after it lies in /seen. */
const failSecond = (save: string) =>
  `awk '/^COMMIT/ && ++tables == 2 { print "-A PREROUTING -j NOWHERE" } { print }' >/spoilt
  $REAL "$@" </spoilt; code=$?; ${save} >/seen; exit $code`

describe.concurrent.each(BACKENDS)('of two families and many tables (%s)', backend => {
  describe.sequential('what does not load, although it did in the rehearsal', () => {
    const name = `broken-${backend}`
    it.each([
      ['IPv4 does not', 'iptables-restore', 'exit 1', 'apply-failed'],
      ['IPv6 does not, once IPv4 has', 'ip6tables-restore', 'exit 1', 'apply-failed'],
      ['IPv6 says that it has, and did not', 'ip6tables-restore', 'exit 0', 'mismatch'],
    ])('%s', async (_, tool, instead, why) => {
      await breakApply(trial.host(name), tool, instead)
      await trial.ends(await trial.begin([name]), ...back(name))
      await becomes(trial.host(name), new RegExp(`^ROLLED_BACK-${why}$`))
      await mendTools(trial.host(name))
    })

    it.each(['iptables', 'ip6tables'])('the second table of %s does not, once the first has', async tool => {
      await breakApply(trial.host(name), `${tool}-restore`, failSecond(`${tool}-save`))
      await trial.ends(trial.start(await siteWith(name, ...ADDED)), ...back(name))
      const seen = await trial.must(name, 'cat /seen')
      const loaded = ['filter', 'mangle', 'raw'].filter(one => /8443|MINE/.test(table(seen, one)))
      expect(loaded).toHaveLength(1)
      await areOpen(name, 'mangle', 'raw')
      await mendTools(trial.host(name))
    })

    it('IPv6 never does: nothing is begun', async () => {
      await replaceTool(trial.host(name), 'ip6tables-restore', 'exit 1')
      const attempt = await trial.begin([name])
      const { hosts } = await attempt.running.verdict()
      expect(hosts[name]).toMatch(/^refused: /)
      await mendTools(trial.host(name))
      await trial.ends(attempt, 3, hosts)
    })
  })

  describe.sequential('the family that fleet comes by is locked out, and the other is not', () => {
    it.each([4, 6] as const)('IPv%s', async family => {
      const name = `locked-${backend}`
      const host = trial.host(name)
      const row = `${name} ansible_host=${family === 4 ? host.address4 : host.address6}`
      await trial.ends(trial.start(await siteWith(row, ...noSsh(family)), ...FORCED), ...back(name))
    })
  })

  it('tables that were not there are left empty and open', async () => {
    const name = `added-${backend}`
    const site = await siteWith(name, ...noSsh(4), ...ADDED)
    await trial.ends(trial.start(site, ...FORCED), ...back(name))
    await areOpen(name, 'mangle', 'raw')
  })

  it('a host that never had a rule has none again, and is open', async () => {
    const name = `first-${backend}`
    const site = await siteWith(name, ...noSsh(4), ...ADDED)
    await trial.ends(trial.start(site, ...FORCED), ...back(name))
    await areOpen(name, 'filter', 'mangle', 'raw')
    expect(trial.ground(name, 'OLD')).toMatchObject({ live: ['', ''], generation: '' })
  })
})

it('leaves nothing behind that the next apply minds', async () => {
  const hosts = BACKENDS.flatMap(backend => of(backend, ...KINDS))
  const persisted = Object.fromEntries(hosts.map(name => [name, 'persisted']))
  await trial.ends(await trial.begin(hosts), 0, persisted)
  await (await trial.newSite(BACKENDS.flatMap(backend => of(backend, 'first')))).mustApply()
})
