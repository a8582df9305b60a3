import { expect, it } from 'vitest'
import { hostsAtOnce, keptOpen, startsAtOnce } from '../../../src/cli/hosts.ts'
import { parseConfig } from '../../../src/config/config.ts'

const inputs = (text: string) => ({ config: parseConfig(text, 'fleet.yml', '/') })
const limits = (text: string, flags = {}) => [
  hostsAtOnce(inputs(text), flags),
  startsAtOnce(inputs(text), flags, 30),
  keptOpen(inputs(text), flags),
]

it('how many at once is what fleet.yml says, and a flag wins', () => {
  const written = 'concurrency: {hosts: 10, starts: 5, open: 100}'
  expect(limits('')).toEqual([50, 30, 1000])
  expect(limits(written)).toEqual([10, 5, 100])
  expect(limits(written, { forks: 9, starts: 4, open: 99 })).toEqual([9, 4, 99])
})
