import { expect, it } from 'vitest'
import { splitWords } from '../../../src/inventory/shell-words.ts'

it.each([
  ['a b', ['a', 'b']],
  ['  a\t b ', ['a', 'b']],
  ['h3#frag x', ['h3']],
  ['a=x#y', ['a=x']],
  ['a;b', ['a;b']],
  ['C:\\dir', ['C:dir']],
  ['a="b c"d', ['a=b cd']],
  ["a='b \"c'", ['a=b "c']],
  ['"a\\"b\\n"', ['a"b\\n']],
  ["{'a':1}", ['{a:1}']],
  ['"" \'\'', ['', '']],
  ['', []],
])('splits %j', (line, words) => {
  expect(splitWords(line)).toEqual({ words })
})

it.each([
  ['a "b', 'quote'],
  ["it's", 'quote'],
  ['a\\', 'backslash'],
])('refuses %j', (line, why) => {
  expect(splitWords(line)).toEqual({ why })
})
