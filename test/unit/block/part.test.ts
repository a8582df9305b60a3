import { expect, it } from 'vitest'
import type { Entry } from '../../../src/block/entry.ts'
import { linesAbout } from '../../../src/block/part.ts'
import { wantedBy } from '../../../src/block/wanted.ts'
import { entry } from './fixture.ts'

const ledger = (length: number) =>
  Array.from({ length }, (_, at) => entry(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`))
const mapOf = (...entries: readonly Entry[]) => wantedBy(entries, () => [], 10)('web1').map

const range = entry('192.0.2.5-192.0.2.7')

it('is what is new in a long map, as its networks', () => {
  const lines = linesAbout(mapOf(...ledger(3000), range), [range])
  expect(lines?.map(({ address }) => address)).toEqual(['192.0.2.5', '192.0.2.6/31'])
  expect(linesAbout(mapOf(...ledger(3000)), [])).toEqual([])
})

it('is no use where the map is short, or most of it is new', () => {
  expect(linesAbout(mapOf(...ledger(1000), range), [range])).toBeUndefined()
  expect(linesAbout(mapOf(...ledger(3000)), ledger(2000))).toBeUndefined()
})
