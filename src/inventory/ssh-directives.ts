import { type Line, LineType, type Match, type Directive as Parsed, parse } from 'ssh-config'
import type { Place } from '../model/place.ts'

/** A setting of an OpenSSH configuration, and the conditions under which it counts: all of them must hold. */
export interface Directive {
  readonly keyword: string
  readonly value: string
  readonly at: Place
  readonly conditions: readonly Condition[]
}

/** `Host` patterns, or a `Match` whose criteria may run commands: those are never tried. */
export type Condition = { readonly hosts: string } | { readonly match: Readonly<Record<string, string>> }

/** The settings of a file in order, keywords in lower case. Throws on what ssh-config can't parse. */
export function readDirectives(text: string, file: string, outer: readonly Condition[] = []): Directive[] {
  const directives: Directive[] = []
  let line = 1
  const visit = (lines: readonly Line[], conditions: readonly Condition[]) => {
    for (const parsed of lines) {
      line += countLines(parsed.before)
      if (parsed.type === LineType.DIRECTIVE && !('config' in parsed)) {
        const at = { file, line }
        directives.push({ keyword: parsed.param.toLowerCase(), value: textOf(parsed), at, conditions })
      }
      line += countLines(parsed.after)
      if ('config' in parsed) visit(parsed.config, [...outer, conditionOf(parsed)])
    }
  }
  visit(parse(text), outer)
  return directives
}

function conditionOf(parsed: Parsed | Match): Condition {
  if (!('criteria' in parsed)) return { hosts: textOf(parsed).replaceAll(/\s+/g, ',') }
  const match: Record<string, string> = {}
  for (const [name, value] of Object.entries(parsed.criteria)) {
    match[name.toLowerCase()] = typeof value === 'string' ? value : value.map(({ val }) => val).join(',')
  }
  return { match }
}

const textOf = ({ value }: Parsed) =>
  typeof value === 'string' ? value : value.map(({ val }) => val).join(' ')

const countLines = (text: string) => text.match(/\r\n|\r|\n/g)?.length ?? 0
