import { plain } from '../words.ts'

/** HTML that may stand as it is. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Markup | readonly Part[] | undefined | false

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Whatever hosts, files and users said is text: it can neither be obeyed nor end an attribute. */
const escaped = (text: string) => plain(text).replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? '')

/** HTML of a template: all that is put into it is escaped, but for what is HTML already. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    literals.map((literal, at) => literal + (at < parts.length ? write(parts[at]) : '')).join(''),
  )
}

function write(part: Part): string {
  if (part instanceof Markup) return part.text
  if (part === undefined || part === false) return ''
  return typeof part === 'object' ? part.map(write).join('') : escaped(String(part))
}
