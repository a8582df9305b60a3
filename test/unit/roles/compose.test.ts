import { describe, expect, it } from 'vitest'
import { errorsOf, makeHost, render, renderAlone, role, rulesOf } from './fixture.ts'

const words = (...lines: string[]) => `${lines.join('\n')}\n`
const both = (a: string, b: string) =>
  render(makeHost('h1', [], { fleet_roles: ['a', 'b'] }), { files: { a, b } })

describe('roles together', () => {
  it('unite their tables and chains, with rules in the order of the roles and built-in chains first', () => {
    const a = words(
      '*nat',
      ':MINE - [0:0]',
      '-A MINE -j RETURN',
      'COMMIT',
      '*filter',
      '-A INPUT -p udp',
      'COMMIT',
    )
    const b = words(
      '*filter',
      ':INPUT DROP',
      '-A INPUT -p tcp',
      'COMMIT',
      '*nat',
      '-A OUTPUT -j MINE',
      'COMMIT',
    )
    const rendered = both(a, b)
    expect(rulesOf(rendered)).toEqual(['OUTPUT -j MINE', 'MINE -j RETURN', 'INPUT -p udp', 'INPUT -p tcp'])
    const filter = rendered.rulesets?.[4].tables.get('filter')
    expect(filter?.get('INPUT')).toMatchObject({ policy: 'DROP', rules: [{ role: 'a' }, { role: 'b' }] })
    expect(rendered.rulesets?.[4].tables.get('nat')?.get('OUTPUT')?.policy).toBeNull()
  })

  it('may use a chain that a later role declares', () => {
    const a = words('*filter', '-A MINE -j DROP', 'COMMIT')
    expect(rulesOf(both(a, words('*filter', ':MINE -', 'COMMIT')))).toEqual(['MINE -j DROP'])
  })

  it("can't have different policies for a chain: both are named", () => {
    const policy = (name: string) => words('*filter', `:INPUT ${name} [0:0]`, 'COMMIT')
    expect(both(policy('DROP'), policy('ACCEPT')).findings).toMatchObject([
      {
        code: 'policy-conflict',
        args: { role: 'b', policy: 'ACCEPT', other: 'a', otherPolicy: 'DROP', otherAt: 'my/a.hbs:2' },
        at: { file: 'my/b.hbs', line: 2 },
      },
    ])
    expect(both(policy('DROP'), policy('DROP')).findings).toEqual([])
  })

  it("let base's ACCEPT yield to a DROP, in either order, and nothing of base's to an ACCEPT", () => {
    const extra = (chain: string, policy: string) => words('*filter', `:${chain} ${policy}`, 'COMMIT')
    const host = (...roles: string[]) => makeHost('h1', [], { fleet_roles: roles })
    for (const roles of [
      ['base', 'x'],
      ['x', 'base'],
    ]) {
      const closed = render(host(...roles), { files: { x: extra('OUTPUT', 'DROP') } })
      expect(closed.rulesets?.[4].tables.get('filter')?.get('OUTPUT')?.policy).toBe('DROP')
      const opened = render(host(...roles), { files: { x: extra('INPUT', 'ACCEPT') } })
      expect(opened.findings).toMatchObject([{ code: 'policy-conflict' }])
    }
  })
})

describe('a line of a role', () => {
  const line = (text: string) =>
    renderAlone(role('', text)).findings.filter(({ severity }) => severity === 'error')

  it.each([
    ['-I INPUT -j ACCEPT', 'rule-line'],
    ['-D INPUT -j ACCEPT', 'rule-line'],
    ['-P INPUT DROP', 'rule-line'],
    ['-F', 'rule-line'],
    ['-4 -A INPUT -j ACCEPT', 'rule-line'],
    ['[0:0] -A INPUT', 'rule-line'],
    ['iptables -A INPUT', 'rule-line'],
    [':INPUT -', 'chain-needs-policy'],
    [':MINE DROP', 'chain-without-policy'],
    [`:${'M'.repeat(29)} -`, 'rule-too-long'],
    ['-A IMPUT -j DROP', 'chain-undeclared'],
    ['*filter', 'rule-no-commit'],
    ['-A INPUT -m comment --comment "open -j DROP', 'rule-quote'],
    ['-A INPUT -s example.org -j ACCEPT', 'rule-host-name'],
    ['-A INPUT --source=example.org -j ACCEPT', 'rule-host-name'],
    ['-A INPUT -s 192.0.2.1-192.0.2.9 -j ACCEPT', 'rule-range'],
    ['-A INPUT -s 192.0.2.0/33 -j ACCEPT', 'address-invalid'],
    ['-A INPUT -s192.0.2.1 -j ACCEPT', 'rule-glued'],
    ['-A INPUT -jACCEPT', 'rule-glued'],
    ['-A INPUT ! -s 192.0.2.1,192.0.2.2 -j DROP', 'rule-negated-list'],
    [`-A INPUT -m comment --comment ${'c'.repeat(256)}`, 'rule-too-long'],
    [`-A INPUT -j LOG --log-prefix "${'p'.repeat(30)}"`, 'rule-too-long'],
    [`-A INPUT -m set --match-set ${'s'.repeat(32)} src`, 'rule-too-long'],
    [`-A INPUT -p tcp -m multiport --dports 1:2,${[...Array(14).keys()].join(',')}`, 'rule-too-many-ports'],
  ])('%s is %s', (text, code) => {
    expect(line(text)[0]).toMatchObject({ code, at: { file: 'my/it.hbs', line: 5 } })
  })

  it.each([
    [`-A INPUT -m comment --comment ${'c'.repeat(255)}`],
    [`-A INPUT -j LOG --log-prefix "${'p'.repeat(29)}"`],
    [`-A INPUT -p tcp -m multiport --dports ${[...Array(15).keys()].join(',')}`],
    ['-A INPUT -m comment --comment "say \\"-s example.org\\""'],
    ['-A INPUT -m conntrack --ctstate NEW -g MINE'],
  ])('%s is fine', text => {
    expect(renderAlone(role('', ':MINE -', text)).rulesets).not.toBeNull()
  })

  it('outside of a table, or of a table that is never closed, is an error', () => {
    expect(errorsOf(renderAlone('-A INPUT -j DROP\n'))).toEqual(['rule-outside-table my/it.hbs:1'])
    const open = '# mine\n*filter\n{{#v4}}\n-A INPUT -j DROP\n{{/v4}}\n'
    expect(errorsOf(renderAlone(open))).toEqual(['rule-no-commit my/it.hbs:2'])
    expect(errorsOf(renderAlone('*filtre\nCOMMIT\n'))).toEqual(['rule-table-unknown my/it.hbs:1'])
  })

  it('with several addresses is a rule each, all with the same place', () => {
    const { rulesets } = renderAlone(
      role('', '{{#v4}}', '-A INPUT -s 192.0.2.1,192.0.2.2 -d 198.51.100.1,198.51.100.2 -j DROP', '{{/v4}}'),
    )
    const rules = rulesets?.[4].tables.get('filter')?.get('INPUT')?.rules
    expect(rules?.map(({ text }) => text)).toEqual([
      '-s 192.0.2.1 -d 198.51.100.1 -j DROP',
      '-s 192.0.2.1 -d 198.51.100.2 -j DROP',
      '-s 192.0.2.2 -d 198.51.100.1 -j DROP',
      '-s 192.0.2.2 -d 198.51.100.2 -j DROP',
    ])
    expect(rules?.every(({ at }) => at?.line === 6)).toBe(true)
  })
})

describe('a line with words of one family', () => {
  it.each([
    ['-A INPUT -s 192.0.2.1 -j DROP', 6, '192.0.2.1'],
    ['-A INPUT -d 2001:db8::/32 -j DROP', 4, '2001:db8::/32'],
    ['-A INPUT --source=192.0.2.1 -j DROP', 6, '192.0.2.1'],
    ['-A INPUT -m iprange --src-range 192.0.2.1-192.0.2.9 -j DROP', 6, '192.0.2.1-192.0.2.9'],
    ['-A INPUT -p icmp -j ACCEPT', 6, 'icmp'],
    ['-A INPUT -p ipv6-icmp -j ACCEPT', 4, 'ipv6-icmp'],
    ['-A INPUT -p tcp -j DNAT --to-destination 192.0.2.1:80', 6, '192.0.2.1:80'],
    ['-A INPUT -p tcp -j DNAT --to-destination [2001:db8::1]:80', 4, '[2001:db8::1]:80'],
  ])('%s must stand in a block of its family', (text, family, word) => {
    const { findings } = renderAlone(role('', text))
    expect(findings).toMatchObject([
      { code: 'rule-wrong-family', args: { family, text: word }, at: { file: 'my/it.hbs', line: 5 } },
    ])
    const right = family === 4 ? 'v6' : 'v4'
    expect(renderAlone(role('', `{{#${right}}}`, text, `{{/${right}}}`)).findings).toEqual([])
  })
})
