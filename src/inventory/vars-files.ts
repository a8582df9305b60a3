import { readdir, readFile } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Variable } from '../model/value.ts'
import { isFolder } from './text.ts'
import { parseVariables } from './yaml-file.ts'

const EXTENSIONS = ['', '.yml', '.yaml', '.json']

/** The variables that the files of a `group_vars` or `host_vars` folder give to each name. */
export type VarsFolder = ReadonlyMap<string, ReadonlyMap<string, Variable>>

/**
 * Reads what a folder holds for the names, as Ansible does: the first of `name`, `name.yml`, `name.yaml`,
 * `name.json`, and where that is a folder, all the files in it in sorted order.
 */
export async function readVarsFolder(
  folder: string,
  names: Iterable<string>,
  cwd: string,
): Promise<{ variables: VarsFolder; findings: Finding[] }> {
  const present = new Set(await listFolder(resolve(cwd, folder)))
  const findings: Finding[] = []
  const variables = new Map<string, Map<string, Variable>>()
  const known = new Set(names)
  for (const name of known) {
    const [first, ...shadowed] = EXTENSIONS.map(extension => name + extension).filter(file =>
      present.has(file),
    )
    if (first === undefined) continue
    for (const file of shadowed) {
      const args = { file: join(folder, file), read: join(folder, first) }
      findings.push({
        code: 'vars-file-shadowed',
        severity: 'warning',
        args,
        at: { file: join(folder, file) },
      })
    }
    const merged = new Map<string, Variable>()
    for (const file of await filesOf(join(folder, first), cwd)) {
      const read = await readVariables(file, cwd)
      findings.push(...read.findings)
      for (const [key, variable] of read.variables) merged.set(key, variable)
    }
    variables.set(name, merged)
  }
  return { variables, findings: [...findings, ...misnamed(folder, present, known)] }
}

async function readVariables(file: string, cwd: string) {
  try {
    return parseVariables(await readFile(resolve(cwd, file), 'utf8'), file)
  } catch (error) {
    const args = { file, cause: error instanceof Error ? error.message : String(error) }
    const finding: Finding = { code: 'file-unreadable', severity: 'error', args, at: { file } }
    return { variables: new Map<string, Variable>(), findings: [finding] }
  }
}

/** Files for nobody are usual where folders are shared; one that is a slip of the pen away from a name is not. */
function misnamed(folder: string, present: ReadonlySet<string>, known: ReadonlySet<string>): Finding[] {
  return [...present].flatMap(file => {
    const extension = extname(file)
    const name = EXTENSIONS.includes(extension) ? file.slice(0, file.length - extension.length) : file
    const meant = known.has(name) || known.has(file) ? undefined : nearest(name, known)
    if (meant === undefined || withoutDigits(meant) === withoutDigits(name)) return []
    const at = { file: join(folder, file) }
    return [{ code: 'vars-file-unused', severity: 'warning', args: { name, nearest: meant }, at }]
  })
}

/** web3 beside web1 and web2 is a host that isn't here, not a slip. */
const withoutDigits = (name: string) => name.replaceAll(/\d+/g, '')

async function filesOf(path: string, cwd: string): Promise<string[]> {
  if (!(await isFolder(resolve(cwd, path)))) return [path]
  const files: string[] = []
  for (const entry of (await listFolder(resolve(cwd, path))).sort()) {
    if (entry.startsWith('.') || entry.endsWith('~')) continue
    const inner = join(path, entry)
    const folder = await isFolder(resolve(cwd, inner))
    if (folder && extname(entry) === '') files.push(...(await filesOf(inner, cwd)))
    else if (!folder && EXTENSIONS.includes(extname(entry))) files.push(inner)
  }
  return files
}

/** A folder's names; none where it doesn't exist. */
async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
