import { expect, it } from 'vitest'
import { rememberedFlags } from '../../../src/cli/remembered.ts'

it('remembers files so that they are found from any folder', () => {
  const said = {
    templates: 'roles',
    plan: '/srv/plan.json',
    'private-key': '~/.ssh/key',
    limit: 'web',
    'extra-vars': 'a=b',
  }
  expect(rememberedFlags(said)).toEqual({
    templates: `${process.cwd()}/roles`,
    plan: '/srv/plan.json',
    'private-key': '~/.ssh/key',
    limit: 'web',
  })
})
