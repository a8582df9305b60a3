import { describe, expect, it } from 'vitest'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* `fleet block` as somebody types it at three in the morning: who is blocked where, and what is said of the others. */

const lab = useTestLab('block', ['one', 'two', 'three'], { packages: true, aptLists: true })

describe.concurrent('fleet block', () => {
  it('blocks on hosts that were never touched', async () => {
    const at = await makeSite(lab(), ['one', 'two', 'three'])
    const done = await at.fleet('block', '203.0.113.9', '--for', '24h', '--reason', 'guessing')
    expect(done).toMatchObject({ code: 0, stdout: '3 hosts: blocked, and after a reboot as well.\n' })
    expect(done.stderr).toMatch(/^(one|two|three) is protected, \d+\.\d s after Enter$/m)
    const listed = await at.fleet('blocks')
    expect(listed).toMatchObject({ code: 0 })
    expect(listed.stdout).toMatch(
      /^203\.0\.113\.9: until .* "guessing"; by .*\n3 hosts: as the ledger says\.\n$/,
    )
    expect(await at.fleet('unblock', '203.0.113.9')).toMatchObject({
      code: 0,
      stdout: '3 hosts: unblocked.\n',
    })
    expect((await at.fleet('blocks')).stdout).toMatch(/^Nothing is blocked/)
  })
})
