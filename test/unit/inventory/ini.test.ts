import { describe, expect, it } from 'vitest'
import { parseIni } from '../../../src/inventory/ini.ts'
import { Opaque } from '../../../src/model/value.ts'

const errors = (text: string) =>
  parseIni(text, 'inventory.ini').findings.map(({ code, at }) => `${at?.file}:${at?.line} ${code}`)

describe('bad lines', () => {
  it.each([
    ['[ g ]', 'inventory-bad-section'],
    ['[a b]', 'inventory-bad-section'],
    ['[]', 'inventory-bad-section'],
    ['[g:vars ]', 'inventory-bad-section'],
    ['[::1]', 'inventory-bad-section'],
    ['[g] ; c', 'inventory-bad-section'],
    ['[a:b:c]', 'inventory-bad-section'],
    ['[g:foo]', 'inventory-bad-section-kind'],
    ['h a = 1', 'inventory-bad-assignment'],
    ['h a="1', 'inventory-unbalanced'],
    ['h a=1\\', 'inventory-unbalanced'],
    ['h a=[1, 2]', 'inventory-bad-assignment'],
    ['h =1', 'inventory-bad-assignment'],
    ['host:', 'inventory-bad-host-name'],
    ['host:x', 'inventory-bad-host-name'],
    ['me@host', 'inventory-bad-host-name'],
    ['---', 'inventory-bad-host-name'],
    ['""', 'inventory-bad-host-name'],
    ['h[3:1]', 'inventory-bad-host-name'],
    ['h[01:3]', 'inventory-bad-host-name'],
    ['h[2:]', 'inventory-bad-host-name'],
    ['h[c:a]', 'inventory-bad-host-name'],
    ['h[1:9:0]', 'inventory-bad-host-name'],
    ['h[1:9:-1]', 'inventory-bad-host-name'],
    ['h[1-3]', 'inventory-bad-host-name'],
    ['h[1]', 'inventory-bad-host-name'],
    ['h[1:99999999]', 'inventory-bad-host-name'],
    ['h[1:999][1:999]', 'inventory-bad-host-name'],
    ['[g:vars]\nno assignment', 'inventory-bad-variable', 2],
    ['[g:vars]\n= 1', 'inventory-bad-variable', 2],
    ['[g:children]\na b', 'inventory-bad-child', 2],
    ['[g:children]\nweb[1:3]:22', 'inventory-bad-child', 2],
  ])('%j is %s', (line, code, at = 1) => {
    expect(errors(line)).toEqual([`inventory.ini:${at} ${code}`])
  })

  it('are all told, each with its line, and a bad header speaks for its section', () => {
    expect(errors('[web\nh1 x\n[a b]\nneither of these\nis told\n[c]\nh2 "\n')).toEqual([
      'inventory.ini:1 inventory-bad-host-name',
      'inventory.ini:2 inventory-bad-assignment',
      'inventory.ini:3 inventory-bad-section',
      'inventory.ini:7 inventory-unbalanced',
    ])
  })

  it('names the section that was probably meant', () => {
    const [finding] = parseIni('[g:childern]', 'i').findings
    expect(finding?.args).toEqual({ group: 'g', kind: 'childern', nearest: 'children' })
  })
})

describe('values', () => {
  it('keeps Jinja opaque, however deep', () => {
    const { statements } = parseIni('h a={{x}} b="[\'{% if %}\', 1]"', 'i')
    const host = statements.find(({ kind }) => kind === 'host')
    const values = host?.kind === 'host' ? [...host.variables.values()].map(({ value }) => value) : []
    expect(values).toEqual([new Opaque('jinja', '{{x}}'), [new Opaque('jinja', '{% if %}'), 1]])
  })

  it('says where each stands', () => {
    const { statements } = parseIni('\r\n# c\r\n[g:vars]\r\na=1\r\n', 'i')
    expect(statements.at(-1)).toEqual({
      kind: 'variable',
      group: 'g',
      name: 'a',
      variable: { value: 1, at: { file: 'i', line: 4 } },
    })
  })
})
