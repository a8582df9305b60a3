import { expect, it } from 'vitest'
import { type Part, sendInPart } from '../../../src/block/part.ts'
import type { BlockOrder } from '../../../src/host/block.ts'
import { type BlockLine, hashBlocks } from '../../../src/model/block.ts'
import type { Session } from '../../../src/session/session.ts'
import type { MiniHost } from '../program/mini-host.ts'
import { over } from '../program/steps.ts'
import { aHost, block, instead, members, order, word } from './blocking.ts'

const many: readonly BlockLine[] = Array.from({ length: 2500 }, (_, at) =>
  word(`100.64.${at % 250}.${Math.floor(at / 250)}`),
)
const turn: Part['turn'] = work => work()

/** What came of it, and how many bytes each order had. */
async function send(host: MiniHost, whole: readonly BlockLine[], lines: readonly BlockLine[], more = {}) {
  const sent: number[] = []
  const counting = (session: Session): Session => ({
    ...session,
    run: run => {
      sent.push(run.stdin?.length ?? 0)
      return session.run(run)
    },
  })
  const all: BlockOrder = order(whole, more)
  const answer = await over(host, session => sendInPart(counting(session), all, { lines, turn }))
  expect(answer.hash).toBe(hashBlocks(all.map))
  return { answer, sent }
}

const small = expect.toSatisfy((bytes: number) => bytes < 10_000)
const large = expect.toSatisfy((bytes: number) => bytes > 100_000)

it('is all that travels to a host that has the rest', async () => {
  const host = await aHost()
  await block(host, many)
  const one = word('203.0.113.9')
  const { answer, sent } = await send(host, [...many, one], [one])
  expect(sent).toEqual([small])
  expect(answer).toMatchObject({ entries: many.length + 1, lacked: 1, unknown: [] })
  expect(await members(host)).toContain('fleet-block4 203.0.113.9')
  const lifted = { ...one, at: one.at + 1, state: 'lifted' as const }
  expect((await send(host, [...many, lifted], [lifted])).sent).toEqual([small])
  expect(await members(host)).not.toContain('fleet-block4 203.0.113.9')
  expect((await send(host, [...many, lifted], [])).sent).toEqual([small])
})

it('is in force at once on a host that lacks something, which is sent all of it', async () => {
  const host = await aHost()
  await block(host, many.slice(5))
  const one = word('203.0.113.9')
  const { answer, sent } = await send(host, [...many, one], [one])
  expect(sent).toEqual([small, large])
  expect(answer).toMatchObject({ entries: many.length + 1, lacked: 6 })
})

it('does not shrink the sets of a host whose map is gone', async () => {
  const host = await aHost()
  await block(host, many)
  const before = await members(host)
  await host.must('rm /etc/iptables/fleet/blocks/map')
  // What stands after each call of ipset.
  const counted = '$real "$@"; code=$?\n$real save fleet-block4 | grep -c ^add >>/run/sizes\nexit "$code"'
  await instead(host, 'ipset', counted)
  const one = word('203.0.113.9')
  const { sent } = await send(host, [...many, one], [one])
  expect(sent).toEqual([small, large])
  const sizes = (await host.must('cat /run/sizes')).trim().split('\n').map(Number)
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(many.length)
  expect(await members(host)).toEqual([...before, 'fleet-block4 203.0.113.9'].toSorted())
})

it('leaves out what the host may not block, and has the rest all the same', async () => {
  const host = await aHost()
  const [mine, one] = [word('127.0.0.9'), word('203.0.113.9')]
  const all = order([...many, mine, one])
  const part = { lines: order([mine]).map, turn }
  const answer = await over(host, session => sendInPart(session, all, part))
  expect(answer).toMatchObject({ entries: many.length + 1, refused: [{ address: '127.0.0.9' }] })
})
