import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { makeGoal, sendOrder } from '../../src/block/feeds.ts'
import { judgeFeed } from '../../src/feeds/judge.ts'
import { type HostList, listsOf } from '../../src/feeds/lists.ts'
import type { Current } from '../../src/feeds/refresh.ts'
import { aHost, order } from '../host/block/blocking.ts'

/* A hundred thousand networks: exact, in at most three times what ipset restore takes for them there, in bounded memory. */

const COUNT = 100_000
const TIMES = 3

/** Spread over the whole of what is given out, as those of feeds are; `from` changes a hundredth of them. */
const networks = (from: number) =>
  Array.from({ length: COUNT }, (_, at) => {
    const hash = Math.imul(at % 100 === 0 ? at + from * COUNT : at, 2_654_435_761) >>> 0
    const [a, b, c, d] = [hash >>> 24, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255]
    return `${20 + (a % 70)}.${b}.${c}.${d}`
  })

const feed = {
  name: 'big',
  source: { file: 'big' },
  format: 'plain',
  refresh: 1,
  allow: [],
  maxEntries: 500_000,
  at: { file: 'fleet.yml' },
} as const

function listOf(text: string): HostList {
  const { spans, entries, wrong } = judgeFeed(feed, text, 'big', { own: [] })
  expect(wrong).toEqual([])
  const current: Current = { name: 'big', state: 'changed', spans, entries, checked: 1, findings: [] }
  return listsOf([feed], new Map([['big', current]]), [], () => [])('host')
}

describe('a hundred thousand networks', () => {
  it('are made ready, sent, filled and swapped in, whole and as differences', async () => {
    const host = await aHost()
    const began = performance.now()
    const first = listOf(networks(0).join('\n'))
    const ready = performance.now() - began
    const second = listOf(networks(1).join('\n'))
    const restore = `create bare hash:net family inet maxelem 1048576\n${first.text.replaceAll(/^(?=.)/gm, 'add bare ')}`
    await host.must('cat >/mnt/restore', restore)
    const bare = async () => {
      const said = await host.must(
        't=$(date +%s%N); ipset restore </mnt/restore; echo $((($(date +%s%N) - t) / 1000)); ipset destroy bare',
      )
      return Number(said) / 1000
    }
    const session = await host.connect()
    await sendOrder(session, order([]))
    const send = async (list: HostList, last?: HostList) => {
      const read = async (hash: string) => (hash === last?.hash ? last.text : undefined)
      const start = performance.now()
      const { feeds } = await sendOrder(session, { ...order([]), feeds: makeGoal(list, 1, read, last?.hash) })
      expect(feeds).toMatchObject({ did: 'changed', hash: list.hash })
      return performance.now() - start
    }
    const figures: { whole: number; change: number; bare: number }[] = []
    for (let round = 0; round < 3; round++)
      figures.push({ bare: await bare(), whole: await send(first), change: await send(second, first) })
    await session.close()
    const best = (key: 'whole' | 'change' | 'bare') => Math.min(...figures.map(one => one[key]))
    const memory = Math.round(process.memoryUsage.rss() / 1e6)
    process.stdout.write(
      `ipset restore ${ms(best('bare'))}; made ready ${ms(ready)}; sent whole ${ms(best('whole'))} (${(best('whole') / best('bare')).toFixed(1)} times), a hundredth of it ${ms(best('change'))}; ${memory} MB\n`,
    )
    const members = await host.must(
      'ipset save fleet-feeds4 | awk \'$1 == "add" { print $3 }\' | LC_ALL=C sort',
    )
    expect(members).toBe(second.text)
    expect(best('whole')).toBeLessThan(TIMES * best('bare'))
  })
})

const ms = (time: number) => `${Math.round(time)} ms`
