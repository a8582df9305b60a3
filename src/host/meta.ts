import { sha256 } from './pieces.ts'

/** What meta.json says of a generation: who made it, when (ISO 8601), in which run. */
export interface Meta {
  readonly who: string
  readonly made: string
  readonly run: string
  /** Of the change that made it. */
  readonly nonce: string
  /** Of a lockdown: the generation that its release leads to. */
  readonly lockdown?: number
}

/** A damaged one says nothing. */
export function readMeta(text: string): Meta {
  const said = (key: string) => unquote(wordOf(text, key) ?? '""')
  const before = said('lockdown')
  return {
    who: said('who'),
    made: said('made'),
    run: said('run'),
    nonce: said('nonce'),
    ...(/^\d+$/.test(before) ? { lockdown: Number(before) } : {}),
  }
}

/** Which of a generation's files aren't what meta.json says; meta.json itself where it says nothing of one. */
export function findDamaged(text: string, files: Readonly<Record<string, string>>): readonly string[] {
  const damaged = Object.entries(files).flatMap(([name, content]) => {
    const sum = wordOf(text, `${name}.sha256`)
    if (sum === undefined) return ['meta.json']
    return unquote(sum) === sha256(content) ? [] : [name]
  })
  return [...new Set(damaged)]
}

function wordOf(text: string, key: string): string | undefined {
  const name = key.replaceAll('.', String.raw`\.`)
  return new RegExp(`"${name}": ("(?:[^"\\\\]|\\\\.)*")`).exec(text)?.[1]
}

function unquote(word: string): string {
  try {
    return String(JSON.parse(word))
  } catch {
    return ''
  }
}
