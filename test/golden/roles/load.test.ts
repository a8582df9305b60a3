import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FAMILIES, type Family } from '../../../src/model/family.ts'
import type { Host } from '../../../src/model/host.ts'
import type { Value } from '../../../src/model/value.ts'
import { makeBook } from '../../../src/roles/book.ts'
import { formatRender } from '../../../src/roles/print.ts'
import { makeRenderer, type Rendered } from '../../../src/roles/render.ts'
import { openRoles } from '../../../src/roles/roles.ts'

/** The shipped roles, in a network namespace of their own, with the kernel's word for it. */
const ROLES = ['blocklist', 'base', 'web', 'db', 'ftp', 'egress', 'final']
const SOURCES = [
  '192.0.2.1',
  '198.51.100.0/24',
  '192.0.2.5-192.0.2.9',
  '2001:db8::1',
  '2001:db8:1::1-2001:db8:1::9',
]
const many = Array.from({ length: 20 }, (_, index) => [
  `203.0.113.${index * 3}`,
  `2001:db8:3::${index + 1}:0/112`,
]).flat()

const CASES: Record<string, Record<string, Value>> = {
  'as they come': {},
  'with everything said': {
    ssh_port: 2222,
    ssh_from: SOURCES,
    fleet_management: ['192.0.2.250', '2001:db8::250'],
    blocked: many,
    http_from: [...SOURCES],
    http3: true,
    db_from: SOURCES,
    ftp_passive_ports: '50000-50100',
    ftp_helper: true,
    log_output: true,
    ...Object.fromEntries(
      ['smtp', 'logging', 'api', 'auth', 'license'].map(name => [`egress_${name}_to`, SOURCES]),
    ),
  },
}

function render(variables: Record<string, Value>): Rendered {
  const at = { file: 'host_vars/h.yml' }
  const said = { ...variables, fleet_roles: ROLES }
  const host: Host = {
    name: 'h',
    groups: [],
    variables: new Map(Object.entries(said).map(([name, value]) => [name, { value, at }])),
  }
  const context = { templates: openRoles([]), mapping: new Map(), book: makeBook([host]), sshPort: () => 22 }
  return makeRenderer(context)(host)
}

/** What the host's own binaries save after they loaded a render. */
function saved(rendered: Rendered, family: Family, backend: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-roles-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const sets = rendered.sets.map(({ name, family, type, entries }) =>
    [
      `create ${name} ${type} family inet${family === 4 ? '' : '6'}`,
      ...entries.map(entry => `add ${name} ${entry}`),
    ].join('\n'),
  )
  const program = `ip${family === 4 ? '' : '6'}tables-${backend}`
  const script = `printf %s "$SETS" | ipset restore && ${program}-restore && ${program}-save`
  return execFileSync('unshare', ['--net', 'sh', '-c', script], {
    input: formatRender(rendered, family),
    encoding: 'utf8',
    env: { ...process.env, SETS: `${sets.join('\n')}\n`, XTABLES_LOCKFILE: join(folder, 'lock') },
  })
}

const linesOf = (text: string) => text.split('\n').filter(line => /^(-A|:\S+ (DROP|-))/.test(line))
const chainOf = (line: string) => line.split(' ').slice(0, 2).join(' ')

/** Chain by chain, whatever order of chains a backend likes; the rules of a chain keep theirs. */
const byChain = (text: string) =>
  linesOf(text)
    .map(line => line.replace(/ \[.*\]$/, ''))
    .sort((a, b) => (chainOf(a) < chainOf(b) ? -1 : Number(chainOf(a) > chainOf(b))))

for (const [name, variables] of Object.entries(CASES)) {
  for (const family of FAMILIES) {
    it.each(['nft', 'legacy'])(
      `IPv${family} rules load ${name}, and are said as iptables says them, in %s`,
      backend => {
        const rendered = render(variables)
        expect(rendered.findings.filter(({ severity }) => severity === 'error')).toEqual([])
        const text = formatRender(rendered, family)
        expect(byChain(saved(rendered, family, backend))).toEqual(byChain(text))
        expect(linesOf(text).length).toBeGreaterThan(20)
      },
    )
  }
}
