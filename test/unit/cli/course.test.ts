import { describe, expect, it } from 'vitest'
import { rolloutOfCommand } from '../../../src/cli/course.ts'
import { run as remove } from '../../../src/cli/remove.ts'
import { parseConfig } from '../../../src/config/config.ts'

const config = parseConfig('rollout: {onFailure: revert-all, soak: 5s}\n', 'fleet.yml', '/etc')

describe('what a command makes of rollout:', () => {
  it('is all of it for apply, and nothing for rollback', () => {
    expect(rolloutOfCommand('apply', { config }, {})).toEqual({ onFailure: 'revert-all', soak: 5000 })
    expect(rolloutOfCommand('rollback', { config }, {})).toEqual({})
  })

  it('stops for remove where others go back: no generation is left to go back to', () => {
    expect(rolloutOfCommand('remove', { config }, {})).toEqual({ onFailure: 'stop', soak: 5000 })
    expect(rolloutOfCommand('remove', { config }, { 'on-failure': 'pause' }).onFailure).toBe('pause')
  })

  it.each(['revert-stage', 'revert-all'])('is refused for remove by --on-failure %s', async how => {
    await expect(remove({ 'on-failure': how, inventory: ['/missing'] })).rejects.toMatchObject({
      code: 'remove-is-final',
    })
  })
})
