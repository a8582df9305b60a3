import { expect, it } from 'vitest'
import { printWays } from '../../../src/report/ways-back.ts'

it('says where hosts go back to before any of them does, those of one way together', () => {
  const ways = new Map([
    ['web1', { from: 7, to: 5 }],
    ['web2', { from: 2, to: 0 }],
    ['web3', { from: 7, to: 5 }],
    ['web4', { from: 0, to: 3 }],
  ])
  expect(printWays(ways)).toBe(
    'web1, web3 (2 hosts): from generation 7 back to what generation 5 said\n' +
      'web2: from generation 2 back to what stood before fleet\n' +
      'web4: from no generation back to what generation 3 said\n',
  )
  expect(printWays(new Map())).toBe('')
})
