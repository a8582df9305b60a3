import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'

export type Path = readonly (string | number)[]

/** A YAML text that knows where each of its values stands. */
export interface ConfigDocument {
  readonly value: unknown
  /** Syntax errors and names that are there twice. */
  readonly findings: readonly Finding[]
  /** Where the key at the end of a path stands, or the nearest value around it. */
  readonly place: (path: Path) => Place
}

export function readDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const findings = document.errors.map(({ code, message, pos }): Finding => {
    const at = { file, line: lines.linePos(pos[0]).line }
    const duplicate = code === 'DUPLICATE_KEY'
    return {
      code: duplicate ? 'config-duplicate-key' : 'config-bad-yaml',
      severity: 'error',
      args: { message },
      at,
    }
  })
  const place = (path: Path) => ({ file, line: lines.linePos(offsetOf(document, path)).line })
  return { value: findings.length > 0 ? undefined : document.toJS(), findings, place }
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      : undefined
    const node = pair?.key ?? document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}
