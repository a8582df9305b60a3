/**
 * What became of what somebody saved on a host while a change wasn't confirmed: it was taken back from what boots, and
 * lies beside; or it boots, since it could not be.
 */
export type Saved = 'aside' | 'boots'

const ENDINGS: readonly (readonly [ending: string, saved: Saved])[] = [
  ['-saved-stays', 'boots'],
  ['-saved', 'aside'],
]

/** Why a guard rolled back, apart from what the state's name says of that. */
export function readWhy(words: string): { readonly why: string; readonly saved?: Saved } {
  const [ending, saved] = ENDINGS.find(([one]) => words.endsWith(one)) ?? []
  return ending && saved ? { why: words.slice(0, -ending.length), saved } : { why: words }
}
