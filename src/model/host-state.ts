/**
 * What fleet says of a host at the end (design section 7). `unchanged` and `persisted` are the good ones;
 * `unknown` is what is said whenever the host's answer could not be read back.
 */
export const HOST_STATES = [
  'unchanged',
  'persisted',
  'reverted',
  'refused',
  'failed',
  'unreachable',
  'not started',
  'confirmed, not persisted',
  'stuck',
  'unknown',
] as const

export type HostState = (typeof HOST_STATES)[number]
