import { statSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

/** Bytes of a ledger, or of a list, from which memory matters more than the last tenth of a second. */
const LONG = 500_000

/** Hosts from which it matters. */
const MANY = 1000

/**
 * Has this process collect its garbage before its heap is twice of what is in use: of ten thousand hosts, of which 80 MB
 * are kept, V8 lets 300 come together.
 */
export function keepHeapHalfLean(hosts: number): void {
  if (hosts >= MANY) setFlagsFromString('--heap-growing-percent=100')
}

/**
 * Has this process collect its garbage sooner where one of the files is long: V8 lets a heap grow to several times of
 * what is in use before it does, which makes 240 MB out of 110 for a hundred thousand addresses of IPv6.
 */
export function keepHeapLean(files: readonly string[]): void {
  if (!files.some(file => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LONG)) return
  setFlagsFromString('--heap-growing-percent=80')
  setFlagsFromString('--semi-space-growth-factor=1')
}
