import type { Family } from './family.ts'
import type { Finding } from './finding.ts'
import type { HostState } from './host-state.ts'
import type { Place } from './place.ts'

/** What became of one host. */
export interface Outcome {
  readonly host: string
  readonly state: HostState
  /** Why, where there is something to say; for a good state a warning at most. */
  readonly finding?: Finding
  /** The generation on disk now, where it was read. */
  readonly generation?: number
}

/** The steps of one host that the journal and the progress tell. */
export type Step =
  | 'observing'
  | 'installing'
  | 'arming'
  | 'armed'
  | 'applied'
  /** That it is applied was said over a connection from before: it proves nothing. */
  | 'reconnecting'
  | 'confirming'

export type Phase = 'observe' | 'apply' | 'check' | 'take back'

/** What came back when a host was asked something: its program's exit code, or why there is no whole answer. */
export type Heard =
  | {
      readonly code: number
      /** The guard's: `APPLIED`. */
      readonly state?: string
      /** In a word, for that state or for a refusal. */
      readonly reason?: string
    }
  | { readonly error: string }

/** The process that writes a journal. */
export interface Writer {
  readonly pid: number
  /** What tells it from a later process with the same number; '' where that can't be known. */
  readonly start: string
}

/** What `arming` says, so that whoever comes after a controller that died can bring the host to its end. */
export interface Handover {
  readonly nonce: string
  readonly bootId: string
  /** Milliseconds. */
  readonly confirmTimeout: number
  /** The generation before, and the one that is made; 0 for none: fleet is being removed. */
  readonly base: number
  readonly generation: number
}

/** One line of what is changed: what comes, what goes, or what stays beside it. */
export interface ChangedLine {
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly kind: '+' | '-' | ' '
  readonly text: string
  readonly at?: Place
  /** How many lines that stay were left out before this one. */
  readonly hidden?: number
}

/** From which generation to what which one said; 0 is before fleet. */
export interface WayBack {
  readonly from: number
  readonly to: number
}

/** Rules as they were rendered, by the sum of their text, and whose they are. */
export interface RenderedRules {
  readonly sha256: string
  readonly hosts: readonly string[]
}

/** How a run goes over its hosts, as `rollout:` of fleet.yml would say it: that file may say otherwise later. */
export type WrittenRollout = Readonly<Record<string, unknown>>

/** All that happens in a run, as data: what the journal stores, the progress shows and `--json` prints. */
export type Event =
  | {
      readonly type: 'run-started'
      readonly run: string
      readonly who: string
      readonly command: string
      readonly hosts: number
      /** Where its hosts come from: absolute paths, or lists of hosts. */
      readonly inventory?: readonly string[]
      readonly writer?: Writer
      /** The flags that it was given, without `-e` and passwords. */
      readonly flags?: Readonly<Record<string, unknown>>
      /** Whether `-e` was among them: whoever goes on has to say it again. */
      readonly extraVars?: boolean
      readonly rollout?: WrittenRollout
    }
  /** Somebody goes on with a run whose controller died. */
  | {
      readonly type: 'run-resumed'
      readonly run: string
      readonly who: string
      readonly writer: Writer
      readonly rollout?: WrittenRollout
    }
  | {
      readonly type: 'phase-started'
      readonly phase: Phase
      readonly hosts: readonly string[]
      /** Of `apply`, counted from 1. */
      readonly stage?: number
      readonly stages?: number
    }
  /** The frozen list: which hosts are changed, stage by stage. */
  | {
      readonly type: 'rollout-planned'
      readonly run: string
      readonly stages: readonly (readonly string[])[]
    }
  /** The rules that hosts are to get: those and no others, whoever goes on with the run. */
  | { readonly type: 'rules-rendered'; readonly rules: readonly RenderedRules[] }
  /** What is changed on hosts with the same change. */
  | {
      readonly type: 'change-planned'
      readonly hosts: readonly string[]
      readonly diff: readonly ChangedLine[]
      /** Lines beyond those that are kept. */
      readonly more?: number
    }
  /** What a gate said of a host: before its change, before it was confirmed, at the end of a stage. */
  | {
      readonly type: 'host-gate'
      readonly host: string
      readonly gate: string
      readonly when: 'before' | 'applied' | 'stage'
      readonly is: 'pass' | 'fail' | 'inconclusive'
      readonly detail: string
    }
  /** A host that persisted was looked at once more; with a finding if it doesn't pass. */
  | { readonly type: 'host-checked'; readonly host: string; readonly finding?: Finding }
  /** For the window in which hosts may be changed, or for a stage to soak. ISO 8601. */
  | {
      readonly type: 'rollout-waiting'
      readonly run: string
      readonly what: 'window' | 'soak'
      readonly until: string
      readonly seconds: number
    }
  | { readonly type: 'rollout-paused'; readonly run: string; readonly why: Finding }
  | { readonly type: 'rollout-promoted'; readonly run: string }
  /** Hosts that persisted go back to the generation that they had before. */
  | {
      readonly type: 'taking-back'
      readonly run: string
      readonly hosts: readonly string[]
      readonly why: Finding
    }
  /** It ended before its last stage. */
  | { readonly type: 'rollout-stopped'; readonly run: string; readonly why: Finding }
  | ({ readonly type: 'host-step'; readonly host: string; readonly step: Step } & Partial<Handover>)
  /** From its arming on, each verb of the host program that it is asked. */
  | { readonly type: 'host-asked'; readonly host: string; readonly verb: string }
  /** One follows each `host-asked`, unless fleet dies; and one a connection that can't be made. */
  | ({ readonly type: 'host-answered'; readonly host: string; readonly verb: string } & Heard)
  | {
      readonly type: 'host-planned'
      readonly host: string
      readonly verdict: 'unchanged' | 'change' | 'refused'
      /** Where it is to go, if that is a generation of its own. */
      readonly back?: WayBack
    }
  | ({ readonly type: 'host-settled' } & Outcome)
  | {
      readonly type: 'run-ended'
      readonly run: string
      readonly states: Readonly<Partial<Record<HostState, number>>>
    }

/** Resolves when the event is safe on disk, where it has to be. */
export type Emit = (event: Event) => void | Promise<void>
