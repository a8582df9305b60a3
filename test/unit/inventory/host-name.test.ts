import { describe, expect, it } from 'vitest'
import { readHostNames } from '../../../src/inventory/host-name.ts'

const names = (word: string) => {
  const read = readHostNames(word)
  return 'why' in read ? read.why : read.names
}

describe('readHostNames', () => {
  it.each([
    ['web1', ['web1']],
    ['web[01:03]', ['web01', 'web02', 'web03']],
    ['web[1:03]', ['web1', 'web2', 'web3']],
    ['web[:2]', ['web0', 'web1', 'web2']],
    ['web[1:6:2]', ['web1', 'web3', 'web5']],
    ['web[a:e:2]x', ['webax', 'webcx', 'webex']],
    ['[a:b]-[0:1]', ['a-0', 'a-1', 'b-0', 'b-1']],
    ['x[y:B]', ['xy', 'xz', 'xA', 'xB']],
    ['[08:10]', ['08', '09', '10']],
    ['::1', ['::1']],
    ['2001:db8::1:22', ['2001:db8::1:22']],
  ])('reads %s', (word, expected) => {
    expect(names(word)).toEqual(expected)
  })

  it('counts 52 letters', () => {
    expect(names('[a:Z]')).toHaveLength(52)
  })

  it.each([
    ['web1:2222', ['web1'], 2222],
    ['web[1:2]:2222', ['web1', 'web2'], 2222],
    ['[web1]:22', ['web1'], 22],
    ['[::1]:22', ['::1'], 22],
    ['192.0.2.1:22', ['192.0.2.1'], 22],
  ])('reads the port of %s', (word, expected, port) => {
    expect(readHostNames(word)).toEqual({ names: expected, port })
  })

  it.each([
    ['h[3:1]', 'range-order'],
    ['h[c:a]', 'range-order'],
    ['h[Z:a]', 'range-order'],
    ['h[01:3]', 'range-width'],
    ['h[2:]', 'range-end'],
    ['h[1:2:0]', 'range-step'],
    ['h[1:2:x]', 'range-step'],
    ['h[1]', 'range-form'],
    ['h[1-3]', 'range-form'],
    ['h[1:2:3:4]', 'range-form'],
    ['h[a:3]', 'range-form'],
    ['h[1:2', 'range-form'],
    ['h]', 'range-form'],
    ['h:', 'port'],
    ['a:b', 'port'],
    ['u@h', 'user'],
  ])('refuses %s (%s)', (word, why) => {
    expect(names(word)).toBe(why)
  })
})
