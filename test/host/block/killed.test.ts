import { describe, expect, it } from 'vitest'
import { removeBlocks } from '../../../src/host/block.ts'
import { sendFeeds } from '../../../src/host/feeds.ts'
import { sha256 } from '../../../src/host/pieces.ts'
import { blockProgram } from '../../../src/host/program.ts'
import type { BlockLine } from '../../../src/model/block.ts'
import { type MiniHost, until } from '../program/mini-host.ts'
import { disk, over } from '../program/steps.ts'
import { aHost, block, boot, check, instead, members, now, raw, word } from './blocking.ts'

const TOOLS =
  'awk cat chmod dd flock grep head ipset iptables-save iptables-restore ip6tables-save ip6tables-restore mkdir mv rm setsid sha256sum sleep sync timeout unshare'

/** At the Nth call of a tool, all of the program's processes are killed, but for those that watch. */
const dieAt = (host: MiniHost, at: number, verb = 'block') =>
  host.must(
    `echo ${at} >/left; for tool in ${TOOLS}; do printf '#!/bin/dash\\nread -r left </left && echo $((left - 1)) >/left\\n[ "$left" -ne 1 ] || pkill -9 -f "host-.*[.]sh.* ${verb}( |$)"\\nPATH=/usr/sbin:/usr/bin exec %s "$@"\\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`,
  )
const KILL = 'pkill -9 -f "host-.*[.]sh.* block( |$)"'
/** Every call where there is time for it: a first block makes sixty. */
const STEP = process.env.FLEET_TEST_LONG ? 1 : 5

const live = (host: MiniHost) => host.must('rm -f /usr/local/sbin/*')

const untimed = async (host: MiniHost) =>
  (await members(host)).map(line => line.replace(/\d+ min/, 'for a while'))

const stands = async (host: MiniHost) => ({
  raw: await raw(host),
  members: await untimed(host),
  disk: (await disk(host)).replaceAll(/^\w+ {2}(?=.*blocks\/map)/gm, ''),
  state: await check(host),
})

const first: readonly BlockLine[] = [
  word('203.0.113.9', { until: now() + 3600 }),
  word('2001:db8::9', { until: now() + 3600 }),
]
const second: readonly BlockLine[] = [
  word('203.0.113.10'),
  word('203.0.113.9', { at: Date.now() + 1, state: 'lifted', until: now() + 3600 }),
]

/** So that all calls are of what is killed, and none of who stores it. */
const giveProgram = (host: MiniHost) => {
  const { hash, text } = blockProgram()
  return host.must(`mkdir -p /run/fleet && cat >/run/fleet/host-${hash}.sh`, text)
}

interface Killed {
  readonly verb?: 'block' | 'feeds' | 'block-remove'
  readonly step?: number
  readonly before: () => Promise<unknown>
  readonly ask: () => Promise<unknown>
  /** What has to be so afterwards. */
  readonly after: (at: number) => Promise<void>
}

/** It dies at one call after the other, until it comes through. */
async function diesEach(host: MiniHost, { verb = 'block', step = STEP, before, ask, after }: Killed) {
  let deaths = 0
  for (let at = 1, isThrough = false; !isThrough; at += step) {
    await before()
    await dieAt(host, at, verb)
    isThrough = await ask().then(
      () => true,
      () => false,
    )
    deaths += isThrough ? 0 : 1
    await live(host)
    await after(at)
  }
  expect(deaths).toBeGreaterThan(2)
}

describe('a block that is killed', { timeout: 300_000 }, () => {
  it('the first one, at each call of a tool: ends the same when it is run again', async () => {
    const host = await aHost()
    await block(host, first)
    const whole = await stands(host)
    await diesEach(host, {
      step: STEP === 1 ? 1 : 2 * STEP,
      before: () => over(host, removeBlocks).then(() => giveProgram(host)),
      ask: () => block(host, first),
      after: async at => {
        await block(host, first)
        expect(await stands(host), `dead at call ${at}`).toEqual(whole)
      },
    })
  })

  it('one that changes some: boots to what was or to what is to be, and ends the same', async () => {
    const host = await aHost()
    await block(host, first)
    const before = await untimed(host)
    await block(host, second)
    const whole = await stands(host)
    await diesEach(host, {
      // A change makes few calls.
      step: STEP === 1 ? 1 : 2,
      before: async () => {
        await over(host, removeBlocks)
        await block(host, first)
      },
      ask: () => block(host, second),
      after: async at => {
        await boot(host)
        expect([before, whole.members], `dead at call ${at}`).toContainEqual(await untimed(host))
        expect(await raw(host)).toBe(whole.raw)
        await block(host, second)
        expect(await stands(host), `dead at call ${at}`).toEqual(whole)
      },
    })
  })

  it('one of feeds: is what was or what is to be, also after a boot, and ends the same', async () => {
    const host = await aHost()
    await block(host, first)
    const lists = ['45.1.1.0/24\n45.2.2.2\n', '45.1.1.0/25\n45.2.2.2\n45.3.3.3\n'] as const
    const [before = [], after = []] = lists.map(text => text.trim().split('\n'))
    const send = (text: string) =>
      over(host, session => sendFeeds(session, { now: now(), at: 1, hash: sha256(text), text }))
    const feeds = async () =>
      (await members(host)).flatMap(line => /^fleet-feeds4 (.*)/.exec(line)?.[1] ?? []).toSorted()
    await diesEach(host, {
      verb: 'feeds',
      before: () => send(lists[0]),
      ask: () => send(lists[1]),
      after: async at => {
        expect([before, after], `dead at call ${at}`).toContainEqual(await feeds())
        await boot(host)
        expect([before, after], `dead at call ${at}`).toContainEqual(await feeds())
        await send(lists[1])
        expect(await feeds(), `dead at call ${at}`).toEqual(after)
        expect(await host.must('ipset list -n')).not.toContain('-new')
      },
    })
  })

  it('once its place is made and before it is heard: is taken out by who watches', async () => {
    const host = await aHost()
    await dieAt(host, 1, 'nothing')
    await instead(host, 'timeout', KILL)
    await expect(block(host, first)).rejects.toMatchObject({ code: 'host-answer-unreadable' })
    await until(async () => !(await raw(host)).includes('-j FLEET-BLOCK'), 'the jumps to go')
    await live(host)
    expect(await block(host, first)).toMatchObject({ isHookMade: true, isPersisted: true })
  })

  it('and the next one comes at once: it stays, and nobody takes it out', async () => {
    const host = await aHost()
    await host.must('mkdir -p /run/fleet/block')
    await instead(host, 'timeout', `${KILL}; sleep 0.1`)
    // Who watches is slow to notice.
    await instead(host, 'sleep', '[ "$1" != 0.3 ] || set -- 2\nexec $real "$@"')
    await expect(block(host, first)).rejects.toMatchObject({ code: 'host-answer-unreadable' })
    await host.must('rm /usr/local/sbin/timeout')
    expect(await block(host, first)).toMatchObject({ isHookMade: false })
    await until(async () => (await host.exec('pgrep -f " [w]atch "')).code !== 0, 'the watcher to go')
    expect((await check(host)).hook).toBe('stands')
  })
})

describe('a removal that is killed', { timeout: 300_000 }, () => {
  it('at each call of a tool: leaves nothing when it is run again', async () => {
    const host = await aHost()
    await over(host, removeBlocks)
    const files = await disk(host)
    await diesEach(host, {
      verb: 'block-remove',
      before: () => block(host, first),
      ask: () => over(host, removeBlocks),
      after: async at => {
        await over(host, removeBlocks)
        expect(await disk(host), `dead at call ${at}`).toBe(files)
        expect(await raw(host)).not.toContain('FLEET')
        expect(await host.must('ipset list -n')).toBe('')
      },
    })
  })
})
