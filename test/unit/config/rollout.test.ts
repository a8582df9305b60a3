import { describe, expect, it } from 'vitest'
import { parseRollout, type Rollout, writeRollout } from '../../../src/config/rollout.ts'
import { parse } from './written.ts'

describe('rollout: in fleet.yml', () => {
  it.each([
    '7:05',
    '22:30',
    '2026-01-31T22:30',
    '2026-01-31 22:30:15',
    '2024-02-29T22:30+02:00',
    '2026-01-31T22:30Z',
  ])('knows the moment %s', moment => {
    expect(parse(`rollout: {notBefore: "${moment}"}`).rollout).toEqual({ notBefore: moment })
  })

  it('is read as the same once a journal has kept it', () => {
    const rollout: Rollout = {
      stages: [1, '10%'],
      canaries: { web: 1 },
      maxFailures: '5%',
      maxSkipped: 0,
      soak: 500,
      gates: [
        { tcp: 443, on: 'web', timeout: 250 },
        { prometheus: 'up', at: 'http://p:9090' },
      ],
      onFailure: 'revert-all',
      manual: true,
      notBefore: '22:30',
      hostTimeout: 90_000,
      timeout: 7_200_000,
    }
    expect(parseRollout(JSON.parse(JSON.stringify(writeRollout(rollout))))).toEqual(rollout)
    expect(parseRollout(writeRollout({}))).toEqual({})
  })
})
