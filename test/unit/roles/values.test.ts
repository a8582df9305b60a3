import { describe, expect, it } from 'vitest'
import { Opaque, type Value } from '../../../src/model/value.ts'
import { errorsOf, renderAlone, role, rulesOf, WRITTEN } from './fixture.ts'

const raw = (x: Value, line: string, type = 'string') => renderAlone(role(`x: {type: ${type}}`, line), { x })

describe('a value outside of quotes', () => {
  const line = '-A INPUT -m comment --comment {{x}} -j DROP'

  it.each([['plain'], ['a.b_c:d/e,f@g%h+i=j-k'], [7], ['8.5']])('may be the word %j', x => {
    expect(rulesOf(raw(x, line))).toEqual([`INPUT -m comment --comment ${x} -j DROP`])
  })

  it.each([
    ['two words'],
    ['-j'],
    [''],
    ['a\nb'],
    ['a\rb'],
    ['a"b'],
    ["a'b"],
    ['a;b'],
    ['a#b'],
    ['a\\'],
    ['é'],
    ['a\u0004b'],
    ['\u0001my/x.hbs:1\u0002'],
    ['ACCEPT\n-A INPUT -j ACCEPT'],
  ])('may not be %j', x => {
    const rendered = raw(x, line)
    expect(errorsOf(rendered)).toEqual(['value-unsafe my/it.hbs:5'])
    expect(rendered.rulesets).toBeNull()
  })
})

describe('a value inside of quotes', () => {
  const line = '-A INPUT -m comment --comment "it is {{x}}" -j DROP'

  it.each([['two words'], ['-j'], [''], ['a:b/c@d=e+f,g-h']])('may be %j', x => {
    expect(rulesOf(raw(x, line))).toEqual([`INPUT -m comment --comment "it is ${x}" -j DROP`])
  })

  it.each([['a"b'], ['a%b'], ['a\\'], ['a\nb'], ["a'b"], ['$(id)']])('may not be %j', x => {
    expect(errorsOf(raw(x, line))).toEqual(['value-unsafe my/it.hbs:5'])
  })
})

describe('a variable', () => {
  const args = (type: string, key: string, extra = '') =>
    role(`x: {type: ${type}${extra}}`, `{{drop "INPUT" ${key}=x}}`)
  const DROP = '-j DROP'

  it.each<[string, string, Value, string[]]>([
    ['port', 'tcp', 22, [`-p tcp -m tcp --dport 22 ${DROP}`]],
    ['port', 'tcp', '22', [`-p tcp -m tcp --dport 22 ${DROP}`]],
    [
      'ports',
      'udp',
      [53, '8000-8010', '9000:9001'],
      [`-p udp -m multiport --dports 53,8000:8010,9000:9001 ${DROP}`],
    ],
    ['ports', 'tcp', '80, 443,80', [`-p tcp -m multiport --dports 80,443 ${DROP}`]],
    ['ports', 'tcp', 80, [`-p tcp -m tcp --dport 80 ${DROP}`]],
    ['ports', 'tcp', '1000-2000', [`-p tcp -m tcp --dport 1000:2000 ${DROP}`]],
    ['ports', 'tcp', [], []],
    ['ports', 'tcp', null, []],
    ['ports', 'tcp', '', []],
    ['interface', 'in', 'eth0', [`-i eth0 ${DROP}`]],
    ['interface', 'out', 'br-4f+', [`-o br-4f+ ${DROP}`]],
  ])('of type %s as %s=%j', (type, key, x, rules) => {
    expect(rulesOf(renderAlone(args(type, key), { x }))).toEqual(rules.map(rule => `INPUT ${rule}`))
  })

  it.each<[string, string, Value]>([
    ['port', 'tcp', 0],
    ['port', 'tcp', 65536],
    ['port', 'tcp', '022'],
    ['port', 'tcp', 'ssh'],
    ['port', 'tcp', [22]],
    ['port', 'tcp', null],
    ['port', 'tcp', 22.5],
    ['ports', 'tcp', [80, 0]],
    ['ports', 'tcp', '90-80'],
    ['ports', 'tcp', '1-2-3'],
    ['ports', 'tcp', [[80]]],
    ['ports', 'tcp', true],
    ['interface', 'in', 'eth 0'],
    ['interface', 'in', 'a-name-of-16-char'],
    ['interface', 'in', ''],
    ['interface', 'in', '-i'],
  ])('of type %s refuses %s=%j where it was written', (type, key, x) => {
    const { findings } = renderAlone(args(type, key), { x })
    expect(findings).toMatchObject([{ code: 'variable-type', args: { usedAt: 'my/it.hbs:5' }, at: WRITTEN }])
  })

  it.each<[Value, boolean]>([
    [true, true],
    ['true', true],
    ['yes', true],
    [false, false],
    ['no', false],
  ])('of type boolean reads %j', (x, yes) => {
    const words = role('x: {type: boolean}', '{{#if x}}', '-A INPUT', '{{/if}}')
    expect(rulesOf(renderAlone(words, { x }))).toHaveLength(yes ? 1 : 0)
  })

  it.each<[Value]>([[0], ['toString'], ['on'], [null], [[]]])('of type boolean refuses %j', x => {
    const { findings } = renderAlone(role('x: {type: boolean}', '{{#if x}}{{/if}}'), { x })
    expect(findings).toMatchObject([{ code: 'variable-type', at: WRITTEN }])
  })

  it('of type enum is one of its values', () => {
    const words = role('x: {type: enum, values: [a, b]}', '{{#if (eq x "a")}}', '-A INPUT', '{{/if}}')
    expect(rulesOf(renderAlone(words, { x: 'a' }))).toHaveLength(1)
    expect(rulesOf(renderAlone(words, { x: 'b' }))).toHaveLength(0)
    expect(errorsOf(renderAlone(words, { x: 'c' }))).toEqual(['variable-type group_vars/all.yml:7'])
  })

  it('that is required and missing names host, role and line', () => {
    expect(renderAlone(args('port', 'tcp')).findings).toMatchObject([
      {
        code: 'variable-required',
        args: { variable: 'x', role: 'it', host: 'h1' },
        at: { file: 'my/it.hbs', line: 2 },
      },
    ])
  })

  it('that nothing uses is never looked at', () => {
    const words = role('x: {type: port}, y: {type: sources}', '{{#if false}}{{drop "INPUT" tcp=x}}{{/if}}')
    expect(renderAlone(words, { x: new Opaque('vault', '...'), y: 'nonsense' }).findings).toEqual([])
  })

  it('that nearly has the name of a declared one is a warning, once', () => {
    const rendered = renderAlone(args('port', 'tcp', ', default: 1'), { ssh_prot: 1, z: 1, ansible_x: 1 })
    expect(rendered.findings).toEqual([])
    const { findings } = renderAlone(args('port', 'tcp', ', default: 1').replaceAll('x', 'console_port'), {
      consol_port: 5,
    })
    expect(findings).toMatchObject([
      {
        code: 'near-miss-variable',
        severity: 'warning',
        args: { variable: 'consol_port', nearest: 'console_port', role: 'it' },
        at: WRITTEN,
      },
    ])
  })

  it('that is declared is no near miss of another declared one', () => {
    const words = role(
      'in_port: {type: port}, on_port: {type: port}',
      '{{drop "INPUT" tcp=in_port udp=on_port}}',
    )
    expect(renderAlone(words, { in_port: 1, on_port: 2 }).findings).toEqual([])
  })
})
