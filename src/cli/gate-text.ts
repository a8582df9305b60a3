import Handlebars from 'handlebars'
import { FleetError } from '../model/error.ts'
import type { Args } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'

/** A URL or a command of a gate, with `{{host.name}}` and `{{host.address}}` filled in. */
type Fill = (name: string, address: string) => string

/** Error, when it is filled in: `gate-unfillable`. */
export function compileGate(text: string): Fill {
  const template = Handlebars.compile(text, { noEscape: true, strict: true })
  const isUrl = /^https?:/.test(text)
  return (name, address) => {
    const inText = isUrl && address.includes(':') ? `[${address}]` : address
    try {
      return template({ host: { name, address: inText } })
    } catch (cause) {
      throw new FleetError('gate-unfillable', { text, ...whyNot(cause) }, { cause })
    }
  }
}

/** Handlebars says `"adress" not defined in [object Object] - 1:9`, and of what it can't read where that is. */
function whyNot(cause: unknown): Args {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const unknown = /^"([^"]+)" not defined|^Missing helper: "([^"]+)"/.exec(reason)
  const name = unknown?.[1] ?? unknown?.[2]
  if (name === undefined) return { reason: reason.replaceAll(/\s+/g, ' ') }
  return { name, nearest: nearest(name, ['host', 'name', 'address']) ?? null }
}
