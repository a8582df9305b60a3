import type { Family } from '../model/family.ts'
import type { Args } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'
import type { IpSet } from '../ruleset/ruleset.ts'
import type { Services } from './services.ts'
import type { Sources } from './sources.ts'

/** One role being rendered for one host and family: what helpers may ask for and leave behind. */
export interface Run {
  readonly family: Family
  readonly role: string
  readonly host: Host
  readonly services: Services
  /** Reads what stands as text or list in a template itself. Throws at `at`. */
  readSources(value: unknown, at: Place): Sources
  /** The words of a partial with just these values. */
  runPartial(name: string, values: Readonly<Record<string, unknown>>, at: Place): string
  useSet(set: IpSet): void
  note(code: string, args: Args, at: Place): void
}

/** What a template's variable of type `sources` is: the words of one family, so that `each` and `if` work on it. */
export interface SourceWords {
  readonly sources: Sources
  /** The variable's name, for notes. */
  readonly label: string
}

const origins = new WeakMap<readonly string[], SourceWords>()
const made = new WeakMap<Sources, Partial<Record<Family, readonly string[]>>>()

/** A list of sources as a template sees it in one family. The same sources always have the same label. */
export function toWords(sources: Sources, label: string, family: Family): readonly string[] {
  const before = made.get(sources) ?? {}
  const words = before[family] ?? wordsOf(sources, family)
  made.set(sources, { ...before, [family]: words })
  origins.set(words, { sources, label })
  return words
}

const wordsOf = ({ anywhere, entries }: Sources, family: Family) =>
  anywhere ? ['anywhere'] : entries[family].map(({ word }) => word)

/** What `toWords` made this from; undefined for any other value. */
export function fromWords(value: unknown): SourceWords | undefined {
  return Array.isArray(value) ? origins.get(value) : undefined
}
