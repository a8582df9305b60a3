import { afterAll, beforeAll, expect, it } from 'vitest'
import { arm, awaitApplied, confirm } from '../../../src/host/guard.ts'
import { look, transactionTo, wanted } from './change.ts'
import { type MiniHost, startHost } from './mini-host.ts'

let host: MiniHost
beforeAll(async () => {
  host = await startHost()
})
afterAll(() => host.stop())

it('goes from the first contact to a persisted generation', async () => {
  const session = await host.connect()
  const seen = await look(session, wanted())
  const transaction = transactionTo(seen, wanted())
  const armed = await arm(session, transaction)
  expect(armed.needsGo).toBe(false)
  await session.close()
  const second = await host.connect()
  const state = await awaitApplied(second, transaction.nonce)
  expect(state.name).toBe('APPLIED')
  const answer = await confirm(second, transaction.nonce, state.bootId)
  expect(answer).toEqual({ is: 'persisted', generation: 1 })
  await second.close()
})
