import { expect, it } from 'vitest'
import { guardedOf } from '../../../src/cli/guarded.ts'
import type { Connection } from '../../../src/model/connection.ts'
import type { Host } from '../../../src/model/host.ts'
import { connectionTo } from '../connection.ts'

const web1: Host = { name: 'web1', groups: [], variables: new Map() }
const inventory = {
  hosts: new Map([['web1', web1]]),
  groups: new Map(),
  hostSources: new Map(),
  directory: '',
}
const reached = connectionTo('web1', '203.0.113.7')

it('where hosts are is looked up once a command, whoever asks', async () => {
  let asked = 0
  const reach = () => {
    asked += 1
    return reached
  }
  const inputs = { inventory, connections: new Map<string, Connection>(), reach }
  const [first, second] = await Promise.all([guardedOf(inputs), guardedOf(inputs)])
  expect(first.all).toContainEqual({ what: 'host', name: 'web1', cidr: '203.0.113.7' })
  expect(second).toBe(first)
  expect(asked).toBe(1)
})
