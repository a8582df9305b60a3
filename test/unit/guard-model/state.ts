import type { Flaw } from './flaws.ts'
import type { ArmAt, ControllerAt, GuardAt, PersistAt, VerbAt } from './places.ts'

/** What the host's state file is called; `none` where the host doesn't know the transaction. */
export type Transaction =
  | 'none'
  | 'ARMED'
  | 'APPLYING'
  | 'APPLIED'
  | 'CONFIRMED'
  | 'PERSISTED'
  | 'DISARMED'
  | 'ROLLING_BACK'
  | 'STUCK'
  | 'ROLLED_BACK'

/** A family's live rules; `PART` where some tables are of one content and some of the other, `NONE` where a boot failed. */
export type Live = 'OLDER' | 'OLD' | 'PART' | 'NEW' | 'NONE'
/** `OLDER`: what boots while the rules of before are confirmed and not on the disk. */
export type Disk = 'OLDER' | 'OLD' | 'NEW'

export type Answer =
  | '-'
  | 'armed'
  | 'needs go'
  | 'refused'
  | 'unknown nonce'
  | 'persisted'
  | 'not persisted'
  | 'changed'
  | 'under way'
  | 'as before'
  | 'as before, booted'
  | 'as wanted, booted'
  | 'different'
  | Exclude<Transaction, 'none'>

export type Verdict =
  | '-'
  | 'persisted'
  | 'reverted'
  | 'refused'
  | 'failed'
  | 'unreachable'
  | 'confirmed, not persisted'
  | 'stuck'
  | 'unknown'

/** A verb is the one that the controller waits for, or one whose connection was lost and which runs on. */
export type Slot = 'verb' | 'stray'

export interface State {
  // The disk: what survives a boot. A family boots `current` only once its file is a link.
  readonly links: number
  readonly current4: Disk
  readonly current6: Disk
  readonly synced: boolean
  readonly program: boolean
  readonly plugins: boolean
  /** netfilter-persistent's: `enabled` may not survive a loss of power yet. */
  readonly unit: 'masked' | 'off' | 'enabled' | 'on'
  /** What boots before fleet's rules do isn't what is live. */
  readonly stale: boolean
  /** The package step, before anything is armed. */
  readonly packages: '-' | 'asked' | 'masked' | 'installed'
  // What dies with the boot.
  readonly boots: number
  readonly live4: Live
  readonly live6: Live
  readonly txn: Transaction
  /** The lock of an `arm` that was killed before it made a state. Any other follows from `arm` and `txn`. */
  readonly litter: boolean
  /** An `arm` of this nonce that comes from now on is refused. */
  readonly burnt: boolean
  /** The session that arms: `left` by the controller, its sshd process still there. */
  readonly session: 'open' | 'left' | 'gone'
  readonly waitsFor: 'session' | 'go'
  readonly goSaid: boolean
  readonly armedOver: boolean
  readonly deadlineOver: boolean
  readonly at: GuardAt
  readonly by: '-' | 'guard' | 'rival' | Slot
  /** The guard's own process: `coming` is started, or will be again, and takes its lock; `lost` is killed for good. */
  readonly guard: 'none' | 'coming' | 'working' | 'lost'
  readonly supervised: boolean
  /** An iptables-restore that outlived its guard; it holds the lock on `alive` still. */
  readonly orphan: '-' | 'do4' | 'do6' | 'undo4' | 'undo6'
  readonly arm: ArmAt
  readonly persist: PersistAt
  readonly verb: VerbAt
  readonly stray: VerbAt
  /** Another controller, which finds a lock. */
  readonly rival: '-' | 'queue' | 'work'
  // The controller.
  readonly controller: ControllerAt
  readonly attempt: number
  readonly fresh: boolean
  readonly answer: Answer
  /** What the last look told: too early to know, an undo at work, or a state that nobody works on. */
  readonly read: 'nothing' | 'early' | 'slow' | 'dead'
  readonly verdict: Verdict
  // What happened, for the invariants.
  /**
   * The change before this one, where it is confirmed and not on the disk: it holds the lock itself, stands aside for
   * this one, is there no more. `storing`: somebody looked whose the host is, and stores it.
   */
  readonly former: '-' | 'holds' | 'aside' | 'stored' | 'gone'
  readonly storing: boolean
  readonly did: number
  readonly confirmed: boolean
  readonly rolledBack: boolean
  readonly tooEarly: boolean
}

/** What is fixed for one exploration. */
export interface World {
  /** The new rules of family 4 let no new connection in. */
  readonly locksOut: boolean
  /** Who starts a killed guard again; a `loop` can be killed itself. */
  readonly supervisor: 'systemd' | 'loop'
  /** `arm` can't find its session: the go is said. */
  readonly needsGo: boolean
  /** The host was never fleet's: its rules files aren't links yet. */
  readonly first: boolean
  /** The change before it is confirmed and not on the disk. */
  readonly over?: boolean
  /** The package is installed first, and old files of rules lie there, which nothing loads yet. */
  readonly installs?: boolean
  readonly flaw?: Flaw
}

export const begin = (world: World): State => ({
  links: world.first ? 0 : 2,
  current4: world.over ? 'OLDER' : 'OLD',
  current6: world.over ? 'OLDER' : 'OLD',
  synced: true,
  program: !world.first,
  plugins: !world.first,
  unit: world.installs ? 'off' : 'on',
  stale: world.installs === true,
  packages: world.installs ? 'asked' : '-',
  boots: 0,
  live4: 'OLD',
  live6: 'OLD',
  txn: 'none',
  litter: false,
  burnt: false,
  session: 'open',
  waitsFor: 'session',
  goSaid: false,
  armedOver: false,
  deadlineOver: false,
  at: '-',
  by: '-',
  guard: 'none',
  supervised: true,
  orphan: '-',
  arm: 'asked',
  persist: '-',
  verb: '-',
  stray: '-',
  rival: '-',
  controller: 'arming',
  attempt: 1,
  fresh: false,
  answer: '-',
  read: 'early',
  verdict: '-',
  former: world.over ? 'holds' : '-',
  storing: false,
  did: 0,
  confirmed: false,
  rolledBack: false,
  tooEarly: false,
})

/** Done or going to be (`step`), possible but counted on by nothing (`may`), or harm, which ends some day. */
export type Kind = 'step' | 'may' | 'harm'

export interface Edge {
  readonly actor: string
  readonly what: string
  readonly kind: Kind
  readonly change: Partial<State>
}

/** Makes the edges of one actor: `step('renames ...', { txn: 'APPLIED' })`. */
export const edgesOf = (actor: string) => {
  const make =
    (kind: Kind) =>
    (what: string, change: Partial<State>): Edge => ({ actor, what, kind, change })
  return { step: make('step'), may: make('may'), harm: make('harm') }
}

const FINAL: readonly Transaction[] = ['DISARMED', 'ROLLED_BACK', 'PERSISTED']
export const isFinal = (txn: Transaction) => FINAL.includes(txn)
export const isGoingBack = (txn: Transaction) => txn === 'ROLLING_BACK' || txn === 'STUCK'

export const aliveIsHeld = (s: State) => s.at !== '-' || s.orphan !== '-'

/** `guard_alive`: a pause of systemd's before it starts a unit again counts as alive, one of the loop's doesn't. */
export const isAtWork = (s: State, { supervisor }: World) =>
  aliveIsHeld(s) || (supervisor === 'systemd' && s.guard === 'coming')

export const guardAlive = (s: State, world: World) =>
  isAtWork(s, world) || (world.flaw === 'unit believed' && s.guard === 'lost')

/** Within the time that the host gives itself in this state. */
export function isWithinLimit(s: State): boolean {
  if (s.txn === 'ARMED') return !s.armedOver
  return (s.txn === 'APPLYING' || s.txn === 'APPLIED') && !s.deadlineOver
}

/** Whether a connection can be opened now: half loaded rules may let it in or not. */
export const canConnect = (s: State, world: World) => !world.locksOut || s.live4 !== 'NEW'

export const booted4 = (s: State) => booted(s, s.links > 0 ? s.current4 : 'OLD')
export const booted6 = (s: State) => booted(s, s.links > 1 ? s.current6 : 'OLD')

function booted({ unit, stale }: State, file: Disk): Live {
  if (unit === 'off' || unit === 'masked') return 'OLD'
  return stale && file === 'OLD' ? 'PART' : file
}

const both = (one: string, other: string, is: string) => one === is && other === is
export const liveIs = (s: State, is: Live) => both(s.live4, s.live6, is)
/** A boot that loaded nothing: the console and the kernel's log say so. */
export const bootedOpen = (s: State) => liveIs(s, 'NONE')
export const diskIs = (s: State, is: Disk) => both(booted4(s), booted6(s), is)
