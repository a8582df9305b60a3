import { describe, expect, it } from 'vitest'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* `fleet block` as somebody types it at three in the morning: who is blocked where, and what is said of the others. */

const lab = useTestLab('block', ['one', 'two', 'three'], { packages: true, aptLists: true })

describe.concurrent('fleet block', () => {
  it('blocks on hosts that were never touched', async () => {
    const at = await makeSite(lab(), ['one', 'two', 'three'])
    const done = await at.fleet('block', '203.0.113.9', '--for', '24h', '--reason', 'guessing')
    console.log(done)
    console.log(await at.fleet('blocks'))
    console.log(await at.fleet('unblock', '203.0.113.9'))
    console.log(await at.fleet('blocks'))
    expect(done).toMatchObject({ code: 0 })
  })
})
