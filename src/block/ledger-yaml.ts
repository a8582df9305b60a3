import { isMap, isSeq, LineCounter, parseDocument } from 'yaml'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { RawEntry } from './ledger-entry.ts'

/** A ledger that somebody wrote by hand. Throws `ledger-conflict`, `ledger-yaml` or `ledger-form` with the line. */
export function readYamlLedger(text: string, file: string): readonly RawEntry[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => ({ file, line: lines.linePos(offset).line })
  const conflict = /^(?:<{7}|={7}$|>{7})/m.exec(text)
  if (conflict)
    throw new FleetError('ledger-conflict', {}, { at: { file, line: lineAt(text, conflict.index) } })
  if (document.errors.length > 0)
    throw new FleetErrors(
      document.errors.slice(0, 5).map(({ message, pos }) => ({
        code: 'ledger-yaml',
        severity: 'error',
        args: { message },
        at: at(pos[0]),
      })),
    )
  if (document.contents === null) return []
  if (!isSeq(document.contents)) throw new FleetError('ledger-form', {}, { at: { file, line: 1 } })
  return document.contents.items.map(item => {
    const place = at(isMap(item) ? (item.range?.[0] ?? 0) : 0)
    if (!isMap(item)) throw new FleetError('ledger-form', {}, { at: place })
    const { address, ...rest } = item.toJS(document)
    return { line: place.line, address, rest }
  })
}

const lineAt = (text: string, index: number) => text.slice(0, index).split('\n').length
