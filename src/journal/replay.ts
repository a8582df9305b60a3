import { readFile } from 'node:fs/promises'
import { FleetError } from '../model/error.ts'
import type { Event } from '../model/event.ts'

export interface Recorded {
  /** When it happened, by the controller's clock, in ISO 8601. */
  readonly at: string
  readonly event: Event
}

/**
 * The events of a run in their order. A last line that was torn (the controller died while it wrote) is left out.
 * Errors: `journal-missing`; `journal-unreadable` for any other line that isn't an event.
 */
export async function readJournal(file: string): Promise<readonly Recorded[]> {
  const lines = (await read(file)).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.flatMap((line, index) => {
    const recorded = parseLine(line)
    if (recorded) return [recorded]
    if (index === lines.length - 1) return []
    throw new FleetError(
      'journal-unreadable',
      { text: line.slice(0, 200) },
      { at: { file, line: index + 1 } },
    )
  })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FleetError('journal-missing', { reason }, { at: { file }, cause })
  }
}

/** Undefined for what is no event. */
export function parseLine(line: string): Recorded | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? split(value) : undefined
  } catch {
    return undefined
  }
}

type Written = Event & { readonly at: string }

function isRecord(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false
  return 'at' in value && typeof value.at === 'string' && 'type' in value && typeof value.type === 'string'
}

function split({ at, ...event }: Written): Recorded {
  return { at, event }
}
