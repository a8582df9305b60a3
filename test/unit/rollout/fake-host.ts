import type { Observation } from '../../../src/host/observation.ts'
import type { Clock } from '../../../src/model/clock.ts'
import { FleetError } from '../../../src/model/error.ts'
import { type HostPlan, NOTHING } from '../../../src/plan/host-plan.ts'
import type { Observed, Target } from '../../../src/rollout/target.ts'
import type { Answer, Session } from '../../../src/session/session.ts'

/**
 * `locks out`: its guard takes the new rules back. `hangs`: it says nothing of what it has applied; `deaf`: of what it is handed. `slow`: it takes
 * half a minute to confirm; `slow back`: to say that it went back. `stays`: it can't be taken back. `spoils`: when it is looked at again it is another.
 * `dead`: once it was looked at it can't be reached. `unloadable`: it refuses what it is handed. `drifts`: once it was looked
 * at, somebody changes its rules.
 */
export type Kind =
  | 'good'
  | 'locks out'
  | 'hangs'
  | 'deaf'
  | 'slow'
  | 'slow back'
  | 'stays'
  | 'spoils'
  | 'dead'
  | 'unloadable'
  | 'drifts'
  | 'unchanged'
  | 'refused'

const both = { 4: '', 6: '' }

/** What a host looks like is nothing that these tests are about. */
const SEEN: Observation = {
  bootId: 'boot',
  up: 0,
  sshConnection: '',
  interface: undefined,
  init: 'systemd',
  os: '',
  release: '',
  iptables: '',
  ipv6: true,
  lacks: [],
  persistent: true,
  rulesFiles: [],
  boots: both,
  managers: [],
  live: both,
  other: both,
  asleep: [],
  natives: [],
  sets: [],
  members: new Map(),
  sockets: [],
  generation: {
    number: 1,
    newest: 1,
    nonce: '',
    whole: true,
    linked: true,
    plugins: true,
    enabled: true,
    rules: both,
    ipsets: '',
  },
  canonical: both,
  asConfirmed: false,
  loadErrors: new Map(),
  guard: undefined,
  arming: false,
}

/** A host as fleet sees it through a session: it answers the verbs of the host program, and keeps its generation. */
export class FakeHost {
  readonly name: string
  readonly kind: Kind
  generation = 1
  /** What was asked of it. */
  readonly verbs: string[] = []
  readonly #clock: Clock
  #state = ''

  constructor(name: string, kind: Kind, clock: Clock) {
    this.name = name
    this.kind = kind
    this.#clock = clock
  }

  /** The generation in force, confirmed or not. */
  get inForce(): number {
    return this.#state.startsWith('APPLIED') ? 3 - this.generation : this.generation
  }

  /** A way to generation `to`: done where it has that one. */
  target(to: number): Target {
    return {
      host: this.name,
      connect: signal => this.#connect(signal),
      observe: async () => SEEN,
      decide: () => this.#plan(to, this.kind === 'drifts' ? '-A INPUT -j ACCEPT' : ''),
    }
  }

  /** As it was looked at in the beginning. */
  async observed(): Promise<Observed> {
    const target = this.target(2)
    return { target, plan: this.#plan(2), session: this.#open(), observedAt: this.#clock.now() }
  }

  #plan(to: number, others = ''): HostPlan {
    const { name: host, generation } = this
    const wish = { host, roles: [], groups: [], onlyBase: false, bootId: 'boot' }
    const isThere = generation === to && !(this.kind === 'spoils' && to === 2)
    if (this.kind === 'refused' || this.kind === 'unchanged' || isThere)
      return { ...NOTHING, ...wish, verdict: this.kind === 'refused' ? 'refused' : 'unchanged' }
    const now = { ...both, 4: others }
    const texts = { now, want: both, do: both, undo: both, sets: '', setsNow: '', candidateHash: '' }
    return { ...NOTHING, ...wish, verdict: 'change', change: { ...texts, base: generation, generation: to } }
  }

  async #connect(signal?: AbortSignal): Promise<Session> {
    if (this.kind === 'dead') throw new FleetError('connect-timeout', {}, { hostState: 'unreachable' })
    if (signal?.aborted) throw new FleetError('aborted')
    return this.#open(signal)
  }

  #open(signal?: AbortSignal): Session {
    let end: (code: string) => void = () => undefined
    const gone = new Promise<never>((_, reject) => {
      end = code => reject(new FleetError(code, {}, { hostState: 'unknown' }))
    })
    gone.catch(() => undefined)
    signal?.addEventListener('abort', () => end('aborted'))
    const run = async ([, marker = '', verb = '']: readonly string[]): Promise<Answer> => {
      this.verbs.push(verb)
      const [code, text] = await this.#answer(verb)
      return { code, stderr: '', stdout: `${text}@@MARK code ${code}\n`.replaceAll('MARK', marker) }
    }
    return {
      connectStart: this.#clock.now(),
      run: ({ args = [] }) => Promise.race([run(args), gone]),
      close: async () => end('connection-lost'),
    }
  }

  async #answer(verb: string): Promise<readonly [number, string]> {
    switch (verb) {
      case 'arm':
        if (this.kind === 'deaf') return new Promise(() => undefined)
        if (this.kind === 'unloadable') return [14, '@@MARK stop\nwhy=rules\n@@MARK end\n']
        this.#state = this.kind === 'locks out' ? 'ROLLED_BACK-deadline' : 'APPLIED-0-0'
        return [0, '@@MARK armed\nload_cs=1\n@@MARK end\n']
      case 'await':
        if (this.kind === 'hangs') return new Promise(() => undefined)
        if (this.kind === 'slow back' && this.generation === 2) await this.#clock.sleep(30_000)
        if (this.kind === 'stays' && this.generation === 2) this.#state = 'ROLLED_BACK-mismatch'
        return this.#tell()
      case 'rollback':
        if (this.#state.startsWith('APPLIED')) this.#state = 'ROLLED_BACK-asked'
        return this.#tell()
      case 'confirm':
        if (this.kind === 'slow') await this.#clock.sleep(30_000)
        this.generation = this.inForce
        this.#state = 'PERSISTED-1'
        return [0, `@@MARK persisted\ngeneration=${this.generation}\n@@MARK end\n`]
      default:
        return this.#tell()
    }
  }

  #tell(): readonly [number, string] {
    if (this.#state === '') return [11, '@@MARK stop\nwhy=unknown-nonce\n@@MARK end\n']
    const ages = this.#state.startsWith('APPLIED') ? 'age_ms=60000\nleft_ms=50000\n' : ''
    return [
      this.#state.startsWith('ROLLED_BACK') ? 10 : 0,
      `@@MARK state\nstate=${this.#state}\nboot_id=boot\n${ages}@@MARK end\n`,
    ]
  }
}
