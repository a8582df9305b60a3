import { Document, isMap, LineCounter, type Node, parseAllDocuments } from 'yaml'
import type { Finding } from '../model/finding.ts'
import type { Variable } from '../model/value.ts'
import { readEntries, readNode, type YamlSource } from './yaml-value.ts'

/** A YAML or JSON text, and its root: `null` where it is empty or can't be read. */
export interface YamlText {
  readonly source: YamlSource
  readonly root: Node | null
}

/** Parses one document; syntax errors and duplicate keys are findings. */
export function parseYaml(text: string, file: string): YamlText {
  const lines = new LineCounter()
  const options = { schema: 'failsafe', lineCounter: lines, prettyErrors: false, logLevel: 'silent' } as const
  const documents = [...parseAllDocuments(text, options)]
  const [document] = documents
  const findings: Finding[] = []
  const report = (code: string, message: string, offset: number) => {
    const at = { file, line: lines.linePos(offset).line }
    findings.push({ code, severity: 'error', args: { message }, at })
  }
  for (const { code, message, pos } of documents.flatMap(({ errors }) => errors)) {
    report(code === 'DUPLICATE_KEY' ? 'vars-duplicate-key' : 'vars-bad-yaml', message, pos[0])
  }
  if (documents[1]) report('vars-several-documents', '', documents[1].range[0])
  const empty = new Document(null, { schema: 'failsafe' })
  const source: YamlSource = {
    document: document ?? empty,
    lines,
    file,
    json: isJson(text),
    seen: new Map(),
    findings,
  }
  return { source, root: findings.length > 0 ? null : (document?.contents ?? null) }
}

/** A file of variables: a mapping of names, or nothing. A file that is vaulted as a whole can't be read. */
export function parseVariables(
  text: string,
  file: string,
): { variables: Map<string, Variable>; findings: Finding[] } {
  const variables = new Map<string, Variable>()
  if (text.startsWith('$ANSIBLE_VAULT')) {
    const at = { file, line: 1 }
    return { variables, findings: [{ code: 'vars-vaulted-file', severity: 'error', args: {}, at }] }
  }
  const { source, root } = parseYaml(text, file)
  if (root !== null && !isMap(root) && readNode(source, root) !== null) {
    source.findings.push({ code: 'vars-not-a-mapping', severity: 'error', args: {}, at: { file, line: 1 } })
  }
  for (const { key, node, line } of readEntries(source, root)) {
    variables.set(key, { value: readNode(source, node), at: { file, line } })
  }
  return { variables, findings: source.findings }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
