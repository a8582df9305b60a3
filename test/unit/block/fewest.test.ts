import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aggregate } from '../../../src/address/aggregate.ts'
import { fewest } from '../../../src/block/fewest.ts'
import { canonical } from '../../../src/block/span.ts'

const dotted = (number: number) => [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.')
/** Near each other, at both ends of what IPv4 has and in its middle. */
const single = fc
  .tuple(fc.constantFrom(0, 0x14_00_00_f0, 0xff_ff_ff_c0), fc.nat(63))
  .map(([from, more]) => dotted(from + more))
const network = fc.constantFrom('20.0.0.240/30', '20.0.1.0/29', '0.0.0.8/29', '2001:db8::1', '2001:db8::/127')

describe('the fewest networks of a list', () => {
  it('are those of the aggregation of any networks', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: single }, network), { maxLength: 200 }), list => {
        expect(fewest(list)).toEqual(aggregate(list).map(canonical))
      }),
    ))

  it('are none of an empty one', () => expect(fewest([])).toEqual([]))
})
