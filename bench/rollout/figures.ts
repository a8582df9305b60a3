/** What a simulated rollout is measured by. */
export interface Figures {
  readonly hosts: number
  /** Hosts in flight at once. */
  readonly inFlight: number
  /** Hosts of each stage. */
  readonly stages: readonly number[]
  /** How often the hosts were asked what. */
  readonly exchanges: Readonly<Record<string, number>>
  readonly states: Readonly<Record<string, number>>
  /** Seconds of reading and rendering, before anybody is contacted. */
  readonly prepared: number
  /** Seconds from the first contact to the exit code, and of CPU in them. */
  readonly wall: number
  readonly cpu: number
  /** Megabytes at most, from the start of the process. */
  readonly peak: number
  readonly stalls: Stalls
}

/** How long the event loop stood still at most, in milliseconds. */
export interface Stalls {
  /** By the wall clock: whatever else the machine did then is in it. */
  readonly wall: number
  /** By the CPU of its own thread. */
  readonly cpu: number
  /** Those above 50 ms: milliseconds since the first contact, and how long. */
  readonly long: readonly (readonly [at: number, wall: number, cpu: number])[]
}

/** Milliseconds that a simulated host takes for an answer. */
export const ANSWER = 200
/** Milliseconds that it takes to load rules. */
export const LOAD = 20
