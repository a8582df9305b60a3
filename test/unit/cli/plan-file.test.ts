import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkPlan, readPlan, writePlan } from '../../../src/cli/plan-file.ts'
import { NOTHING } from '../../../src/plan/host-plan.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-file-'))
})
afterEach(() => rm(folder, { recursive: true }))

const planOf = (host: string) => ({
  ...NOTHING,
  host,
  roles: [],
  groups: [],
  onlyBase: true,
  bootId: 'b',
})

it('a plan that is not there is no plan that cannot be read', async () => {
  await expect(readPlan(join(folder, 'no.plan'))).rejects.toMatchObject({ code: 'plan-missing' })
  await expect(readPlan(folder)).rejects.toMatchObject({ code: 'plan-unreadable' })
})

it('a plan with hosts that the inventory has lost is refused, and says which', async () => {
  const file = join(folder, 'a.plan')
  await writePlan(file, ['web1', 'web2', 'web3'].map(planOf))
  const saved = await readPlan(file)
  const inventory = (...names: readonly string[]) => new Map(names.map(name => [name, {}]))
  expect(() => checkPlan(saved, inventory('web2', 'web3', 'web1', 'new'), file)).not.toThrow()
  expect(() => checkPlan(saved, inventory('web2', 'new'), file)).toThrow(
    expect.objectContaining({ code: 'plan-host-gone', args: { hosts: ['web1', 'web3'] }, at: { file } }),
  )
})
