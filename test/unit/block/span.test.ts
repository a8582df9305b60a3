import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { indexSpans, indexWritten, spanOf, wholeSpan } from '../../../src/block/span.ts'

const near = fc.tuple(
  fc.constantFrom('9.255', '10.0', '10.1'),
  fc.nat(1),
  fc.constantFrom(0, 1, 127, 128, 255),
)
const single = near.map(([head, third, last]) => `${head}.${third}.${last}`)
const network = fc.oneof(
  single,
  fc.constantFrom('10.0.0.0/24', '10.0.0.0/23', '10.0.1.128/25', '0.0.0.0/1', '2001:db8::/32', '2001:db8::1'),
)

it('finds what an address that is written touches, as its numbers would', () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 8 }), network, (networks, address) => {
      const spans = networks.map(cidr => ({ cidr, ...spanOf(cidr) }))
      expect(indexWritten(spans)(address)).toEqual(indexSpans(spans)(wholeSpan(address)))
    }),
    { numRuns: 500 },
  )
})
