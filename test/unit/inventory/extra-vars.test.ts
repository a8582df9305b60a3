import { expect, it } from 'vitest'
import { readExtraVars } from '../../../src/inventory/extra-vars.ts'
import { Opaque } from '../../../src/model/value.ts'
import { makeFolder } from './folder.ts'

async function values(...texts: string[]) {
  const cwd = makeFolder({ 'vars.yml': 'a: [1]\nb: yes\n', 'vars.json': '{"c": 1e3}' })
  const { variables, findings } = await readExtraVars(texts, cwd)
  expect(findings).toEqual([])
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, value]))
}

it.each([
  [['a=1'], { a: '1' }],
  [['a=1 b="two words" c=\'x y\''], { a: '1', b: 'two words', c: 'x y' }],
  [['a=x=y b='], { a: 'x=y', b: '' }],
  [['a={{ x }} b=1'], { a: new Opaque('jinja', '{{ x }}'), b: '1' }],
  [['{"a": 1, "b": [true]}'], { a: 1, b: [true] }],
  [['{a: 1}'], { a: 1 }],
  [['@vars.yml', 'b=2'], { a: [1], b: '2' }],
  [['b=2', '@vars.yml'], { a: [1], b: true }],
  [['@vars.json'], { c: 1000 }],
])('reads %j', async (texts, expected) => {
  expect(await values(...texts)).toEqual(expected)
})

it.each([
  ['a', 'extra-vars-bad-word'],
  ['a = 1', 'extra-vars-bad-word'],
  ['./vars.yml', 'extra-vars-needs-at'],
  ['@none.yml', 'extra-vars-no-file'],
  ['[1]', 'vars-not-a-mapping'],
])('refuses %j', async (text, code) => {
  const { findings } = await readExtraVars([text], '/tmp')
  expect(findings[0]).toMatchObject({ code, severity: 'error' })
})
