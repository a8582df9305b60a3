import { describe, expect, it } from 'vitest'
import { declare } from '../../../src/roles/declare.ts'
import { errorsOf, renderAlone, role } from './fixture.ts'

const problems = (...lines: string[]) =>
  declare(['---', ...lines, '---', ''].join('\n'), 'x.hbs').findings.map(
    ({ code, at }) => `${code}:${at?.line}`,
  )

describe('front matter', () => {
  it('declares variables with their types, defaults and lines, and leaves every line its number', () => {
    const text =
      '---\nrole: A thing.\nbyGroup: false\nvars:\n  a: {type: port}\n  b: {type: enum, values: [x, y], default: y}\n---\n*filter\n'
    const { declaration, findings } = declare(text, 'x.hbs')
    expect(findings).toEqual([])
    expect(declaration).toMatchObject({ role: 'A thing.', byGroup: false, first: false })
    expect(declaration.vars.get('a')).toMatchObject({ type: 'port', default: undefined, at: { line: 5 } })
    expect(declaration.vars.get('b')).toMatchObject({ values: ['x', 'y'], default: 'y', at: { line: 6 } })
    expect(declaration.body.split('\n')[7]).toBe('*filter')
  })

  it('is optional', () => {
    expect(declare('*filter\nCOMMIT\n', 'x.hbs')).toMatchObject({
      findings: [],
      declaration: { byGroup: true },
    })
  })

  it.each([
    [['vars:', '  a: {type: prot}'], 'front-matter-value:3'],
    [['vars:', '  a: {default: 1}'], 'front-matter-value:3'],
    [['vars:', '  a: port'], 'front-matter-shape:3'],
    [['vars:', '  a: {type: port, defualt: 1}'], 'front-matter-key:3'],
    [['vars:', '  a: {type: port, default: 0}'], 'front-matter-default:3'],
    [['vars:', '  a: {type: enum}'], 'front-matter-shape:3'],
    [['vars:', '  a: {type: enum, values: [x], default: z}'], 'front-matter-default:3'],
    [['vars:', '  a-b: {type: port}'], 'front-matter-name:3'],
    [['vars:', '  family: {type: port}'], 'front-matter-name:3'],
    [['vars: [a]'], 'front-matter-shape:2'],
    [['', 'byGruop: false'], 'front-matter-key:3'],
    [['byGroup: maybe'], 'front-matter-value:2'],
    [['order: last'], 'front-matter-value:2'],
    [['a: b: c'], 'front-matter-yaml:2'],
    [['role: a', 'role: b'], 'front-matter-yaml:3'],
    [['just words'], 'front-matter-shape:2'],
  ])('%j is %s', (lines, problem) => {
    expect(problems(...lines)).toEqual([problem])
  })

  it.each([
    ['role: A thing.\nvars:\n  a: {type: port}\n---\n*filter\n{{accept "INPUT" tcp=a}}\nCOMMIT\n', 1],
    ['\n---\nrole: A thing.\n---\n*filter\nCOMMIT\n', 2],
    ['# mine\n--- \nvars: {}\n---\n', 2],
  ])('that does not begin in the first line is an error, and the only one: %j', (text, line) => {
    expect(errorsOf(renderAlone(text))).toEqual([`front-matter-late my/it.hbs:${line}`])
  })

  it('that never ends is an error', () => {
    expect(declare('---\nrole: x\n*filter\n', 'x.hbs').findings[0]?.code).toBe('front-matter-open')
  })
})

describe('a partial', () => {
  const part = [
    '---',
    'vars: {port: {type: port}, from: {type: sources, default: []}}',
    '---',
    '{{drop "INPUT" tcp=port from=from}}',
  ].join('\n')
  const call = (line: string, files: Record<string, string> = { part }) =>
    renderAlone(role('x: {type: port, default: 9}', line), {}, { files })

  it.each([
    ['{{> part port=x form="anywhere"}}', 'template-unknown-argument my/it.hbs:5'],
    ['{{> part}}', 'template-partial-value my/it.hbs:5'],
    ['{{> prat port=x}}', 'template-partial-missing my/it.hbs:5'],
  ])('%s is refused', (line, problem) => {
    expect(errorsOf(call(line))).toEqual([problem])
  })

  it("knows neither the host's variables nor those of its caller", () => {
    const rendered = renderAlone(role('', '{{> part port=9}}'), { from: 'anywhere' }, { files: { part } })
    expect(rendered.rulesets?.[4].tables.get('filter')?.size).toBe(0)
  })

  it('that calls itself is refused', () => {
    const loop = '{{> part}}'
    expect(errorsOf(call('{{> part}}', { part: loop }))).toEqual([
      'template-partial-cycle my/part.hbs:undefined',
    ])
  })

  it('has its errors reported where they are', () => {
    expect(errorsOf(call('{{> part}}', { part: '\n{{nothing}}' }))).toEqual([
      'template-undeclared my/part.hbs:2',
    ])
  })
})
