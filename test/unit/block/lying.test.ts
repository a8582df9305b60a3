import { describe, expect, it } from 'vitest'
import { type BlockOrder, checkBlocks, sendBlocks } from '../../../src/host/block.ts'
import type { Session } from '../../../src/session/session.ts'

/* A host that somebody else has taken over says what it likes: that is its own affair, and nobody else's. */

const NOW = 1_795_000_000
const ORDER: BlockOrder = { now: NOW, map: [], allow: [], even: [] }
const WELL = {
  hash: 'h',
  hook: 'stood',
  entries: '1',
  lacked: '0',
  sets: 'stood',
  skew: '0',
  persisted: 'yes',
}

/** Answers a block with these facts. */
const saying = (facts: Readonly<Record<string, string>>): Session => ({
  connectStart: 0,
  run: async ({ args = [] }) => {
    const lines = Object.entries({ ...WELL, ...facts }).map(([name, value]) => `${name}=${value}\n`)
    const stdout = `@@${args[1]} blocked\n${lines.join('')}@@${args[1]} end\n@@${args[1]} code 0\n`
    return { code: 0, stdout, stderr: '' }
  },
  close: async () => undefined,
})
const said = (facts: Readonly<Record<string, string>>) => sendBlocks(saying(facts), ORDER)

describe('a host that lies', () => {
  it('holds up those who wait for it for ten seconds at most: that long it is asked what it blocks', async () => {
    const waited: number[] = []
    const session = saying({})
    const run: Session['run'] = command => {
      waited.push(command.timeout)
      return session.run(command)
    }
    await checkBlocks({ ...session, run }, NOW, 'brief')
    await checkBlocks({ ...session, run }, NOW)
    expect(waited).toEqual([10_000, 60_000])
  })

  it('has heard nothing later than clocks go wrong: the ledger would take it for true', async () => {
    const late = NOW * 1000 + 86_400_000
    expect((await said({ later: `203.0.113.9 ${late}` })).later).toEqual([
      { address: '203.0.113.9', at: late },
    ])
    for (const at of ['253402300799999', '999999999999999', '99999999999999999999', '1e15', '-1', 'x', ''])
      await expect(said({ later: `203.0.113.9 ${at}` })).rejects.toMatchObject({
        code: 'host-answer-unreadable',
      })
  })

  it('says numbers and addresses where those are asked for, or nothing', async () => {
    const answer = await said({
      skew: 'NaN',
      killed: '1e9',
      entries: 'Infinity',
      lacked: '-',
      client: '; reboot',
    })
    expect(answer).toMatchObject({ skew: 0, killed: 0, entries: 0, lacked: 0 })
    expect(answer.client).toBeUndefined()
    expect(await said({ skew: '-86400', killed: '12', client: '2001:db8::1' })).toMatchObject({
      skew: -86_400,
      killed: 12,
      client: '2001:db8::1',
    })
  })
})
