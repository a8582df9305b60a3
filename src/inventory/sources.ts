import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import type { Finding } from '../model/finding.ts'
import { splitPort } from './host-name.ts'
import { parseIni } from './ini.ts'
import type { Reading } from './statement.ts'
import { decodeLines, isFolder } from './text.ts'
import { parseYamlInventory } from './yaml-inventory.ts'

/** One `-i` as it was read: what it says, and the folder beside which its variables lie. */
export interface Source {
  readonly readings: readonly Reading[]
  /** As the user would name it; none for a list of hosts. */
  readonly folder?: string
}

const IGNORED_NAME = /^\.|^(?:host_vars|group_vars|vars_plugins)$/
const IGNORED_END = /(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.ini|\.cfg|\.retry)$/

/** Reads a file, a folder of inventories, or a list of hosts such as `web1,web2:2222,`. */
export async function readSource(source: string, cwd: string): Promise<Source> {
  const found = await stat(resolve(cwd, source)).catch(() => undefined)
  if (found === undefined) return source.includes(',') ? { readings: [readList(source)] } : missing(source)
  if (!found.isDirectory()) return { readings: [await readOne(source, cwd)], folder: dirname(source) }
  const readings: Reading[] = []
  for (const file of await filesOf(source, cwd)) readings.push(await readOne(file, cwd))
  if (readings.length > 0) return { readings, folder: source }
  return { readings: [fault('inventory-empty-folder', source)], folder: source }
}

async function filesOf(folder: string, cwd: string): Promise<string[]> {
  const files: string[] = []
  for (const entry of (await readdir(resolve(cwd, folder))).sort()) {
    if (IGNORED_NAME.test(entry) || IGNORED_END.test(entry)) continue
    const path = join(folder, entry)
    const below = await isFolder(resolve(cwd, path))
    files.push(...(below ? await filesOf(path, cwd) : [path]))
  }
  return files
}

async function readOne(file: string, cwd: string): Promise<Reading> {
  try {
    return parseSource(await readFile(resolve(cwd, file)), file)
  } catch (error) {
    return fault('file-unreadable', file, { cause: error instanceof Error ? error.message : String(error) })
  }
}

function parseSource(bytes: Buffer, file: string): Reading {
  const kind = kindOf(file, bytes.subarray(0, 4096).toString('latin1'))
  if (kind === 'yaml') return parseYamlInventory(bytes.toString('utf8'), file)
  if (kind !== 'ini') return fault('inventory-not-yet', file, { kind })
  const { text, findings } = decodeLines(bytes, file)
  const reading = parseIni(text, file)
  return { statements: reading.statements, findings: [...findings, ...reading.findings] }
}

/** What a file is, by its extension, else by how it starts. */
function kindOf(file: string, start: string): 'ini' | 'yaml' | 'toml' | 'script' | 'vault' {
  if (start.startsWith('#!')) return 'script'
  if (start.startsWith('$ANSIBLE_VAULT')) return 'vault'
  if (/^\.(?:ya?ml|json)$/.test(extname(file))) return 'yaml'
  if (extname(file) === '.toml') return 'toml'
  const first = start.split('\n').find(line => /^\s*[^\s#;]/.test(line)) ?? ''
  return /^(?:---\s*$|[\w-]+:\s*$|\{)/.test(first.trim()) ? 'yaml' : 'ini'
}

/** Names between commas; ports are read, ranges aren't, as in Ansible. */
function readList(source: string): Reading {
  const at = { file: source }
  const names = source.split(',').map(name => name.trim())
  return {
    findings: [],
    statements: names
      .filter(name => name !== '')
      .map(name => ({ kind: 'host', group: 'ungrouped', variables: new Map(), at, ...splitPort(name) })),
  }
}

function missing(source: string): Source {
  return { readings: [fault('inventory-missing', source)] }
}

function fault(code: string, file: string, args: Finding['args'] = {}): Reading {
  return { statements: [], findings: [{ code, severity: 'error', args: { file, ...args }, at: { file } }] }
}
