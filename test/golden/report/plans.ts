import type { HostPlan } from '../../../src/plan/host-plan.ts'
import type { DiffLine } from '../../../src/ruleset/diff.ts'

const plan = (host: string, some: Partial<HostPlan>): HostPlan => ({
  host,
  roles: ['base', 'web (group web)', 'final'],
  groups: ['web'],
  onlyBase: false,
  verdict: 'change',
  findings: [],
  diff: [],
  closes: [],
  unmanaged: [],
  installs: false,
  released: [],
  kept: [],
  bootId: host,
  ...some,
})

const input = (family: 4 | 6, kind: DiffLine['kind'], text: string, line?: number): DiffLine => ({
  family,
  table: 'filter',
  chain: 'INPUT',
  kind,
  text,
  ...(line !== undefined && { at: { file: 'templates/web.hbs', line } }),
})

const WEB: readonly DiffLine[] = [
  input(4, '-', ':INPUT ACCEPT'),
  input(4, '+', ':INPUT DROP'),
  input(4, ' ', '-A INPUT -i lo -j ACCEPT', 2),
  input(4, ' ', '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 3),
  input(4, ' ', '-A INPUT -p icmp -j ACCEPT', 4),
  input(4, ' ', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 5),
  input(4, ' ', '-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT', 6),
  input(4, ' ', '-A INPUT -p tcp -m tcp --dport 26 -j ACCEPT', 7),
  input(4, ' ', '-A INPUT -p tcp -m tcp --dport 27 -j ACCEPT', 8),
  input(4, ' ', '-A INPUT -p tcp -m tcp --dport 28 -j ACCEPT', 9),
  input(4, '-', '-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'),
  input(4, '+', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT', 10),
  input(4, '+', '-A INPUT -p tcp -m tcp --dport 443 -m comment --comment "all of it" -j ACCEPT', 11),
  input(6, '+', ':INPUT DROP'),
  input(6, '+', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT', 10),
]

const lockout = {
  code: 'lockout-in',
  severity: 'error',
  args: { address: '192.0.2.9', port: 22, verdict: 'drop', rule: '-A INPUT -s 192.0.2.0/24 -j DROP' },
  at: { file: 'templates/db.hbs', line: 7 },
} as const

const kept = {
  code: 'unmanaged-kept',
  severity: 'warning',
  args: { rules: ['-A INPUT -p tcp --dport 99 -j DROP'] },
} as const

/** One host of each kind that a plan can hold, and some that fold. */
export const PLANS: readonly HostPlan[] = [
  plan('web1', { diff: WEB, closes: ['tcp/8080 nginx'], installs: true }),
  plan('web2', { diff: WEB, closes: ['tcp/8080 nginx', 'udp/161 snmpd'] }),
  plan('web3', { diff: WEB, roles: ['base', 'web (fleet_roles)', 'final'] }),
  plan('mon1', {
    roles: ['base', 'final'],
    groups: ['monitoring', 'eu'],
    onlyBase: true,
    verdict: 'unchanged',
  }),
  plan('spare1', {
    roles: ['base', 'final'],
    groups: ['ungrouped'],
    onlyBase: true,
    diff: [{ family: 4, table: 'nat', chain: 'OLD', kind: '-', text: ':OLD -' }],
    released: ['nat POSTROUTING'],
    kept: ['filter MINE'],
    findings: [
      {
        code: 'unmanaged-replaced',
        severity: 'warning',
        args: { rules: ['-P FORWARD DROP', '-t nat -N OLD'] },
      },
    ],
    unmanaged: [
      { table: 'filter', chain: 'FORWARD', policy: 'DROP' },
      { table: 'nat', chain: 'OLD' },
    ],
  }),
  plan('new1', { installs: true }),
  plan('db1', { verdict: 'refused', findings: [lockout] }),
  plan('db2', { verdict: 'refused', findings: [lockout] }),
  plan('db3', {
    verdict: 'refused',
    findings: [{ code: 'other-manager', severity: 'error', args: { manager: 'ufw.service' } }],
  }),
  ...Array.from({ length: 45 }, (_, at) => plan(`u${at}`, { verdict: 'unchanged' })),
  plan('u99', {
    verdict: 'unchanged',
    findings: [kept],
    unmanaged: [{ table: 'filter', chain: 'INPUT', text: '-p tcp --dport 99 -j DROP' }],
  }),
]
