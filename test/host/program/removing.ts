import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { arm, awaitApplied, forget, type Transaction } from '../../../src/host/guard.ts'
import { observeBefore } from '../../../src/host/observe.ts'
import type { HostPlan } from '../../../src/plan/host-plan.ts'
import { metaOf } from '../../../src/plan/meta.ts'
import { decideRemoval } from '../../../src/plan/removal.ts'
import { filter, newNonce, type Wanted } from './change.ts'
import { type HostKind, listed, type MiniHost, put } from './mini-host.ts'
import { aHost, disk, over } from './steps.ts'

const BEFORE4 = `# by hand\n${filter('INPUT -p tcp --dport 22 -j ACCEPT', 'INPUT -s 192.0.2.66 -j DROP')}`

/** A host on which these rules lay before fleet came. */
export async function ruledHost(kind?: HostKind): Promise<MiniHost> {
  const host = await aHost(kind)
  put(host, 'etc/iptables/rules.v4', BEFORE4)
  return host
}

export const plan = (host: MiniHost): Promise<HostPlan> =>
  over(host, async session =>
    decideRemoval({
      host: 'a',
      groups: [],
      seen: await observeBefore(session),
      preserve: [],
      replace: [],
      acceptLockoutRisk: false,
    }),
  )

export async function removing(host: MiniHost, more: Partial<Transaction> = {}): Promise<Transaction> {
  const { change, findings } = await plan(host)
  if (!change) throw new Error(JSON.stringify(findings))
  const origin = { run: 'run-2', who: 'tester@controller', since: '2026-01-02T00:00:00Z' }
  const nonce = newNonce()
  const meta = metaOf(change, { ...origin, nonce })
  const transaction = { nonce, ...origin, confirmTimeout: 30_000, ...change, meta, ...more }
  await over(host, session => arm(session, transaction))
  const state = await over(host, session => awaitApplied(session, transaction.nonce))
  expect(state.name).toBe('APPLIED')
  return transaction
}

export const forgotten = (host: MiniHost, { nonce }: Transaction) =>
  over(host, session => forget(session, nonce))

/** What a boot loads: a namespace of its own, then the rules in it. */
export const boot = (host: MiniHost) =>
  host.must(
    'unshare -n sh -c "netfilter-persistent start >/tmp/boot 2>&1; iptables-save; ip6tables-save" | grep -v "^#" | sed "s/ \\[[0-9:]*\\]$//"',
  )

/** The files of a boot, without what was put aside and what a change leaves there. */
export const boots = async (host: MiniHost): Promise<string> =>
  (await disk(host))
    .split('\n')
    .filter(line => /etc\/iptables\/(rules\.v[46]|fleet\/(current|gen-.*))( |$)/.test(line))
    .join('\n')

export const traces = (host: MiniHost) =>
  ['var/lib/fleet', 'run/fleet', 'etc/iptables/fleet', 'etc/iptables/.fleet-gone']
    .filter(path => existsSync(join(host.root, path)))
    .concat(
      listed(join(host.root, 'usr/share/netfilter-persistent/plugins.d')).filter(name => /fleet/.test(name)),
    )

export const withSet: Wanted = {
  rules: {
    4: filter(
      'INPUT -m set --match-set fleet4-abc123 src -j DROP',
      'INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ),
    6: filter('INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
  },
  sets: 'create fleet4-abc123 hash:net family inet\nadd fleet4-abc123 203.0.113.0/24\n',
}
