import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { readInventory } from '../../../src/inventory/read.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import type { Finding } from '../../../src/model/finding.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** A folder with these files in it. */
export function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-inventory-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Reads `inventory.ini` of these files. */
export async function read(files: Readonly<Record<string, string>>, extraVars: readonly string[] = []) {
  return readInventory({ sources: ['inventory.ini'], extraVars, cwd: makeFolder(files) })
}

/** The findings of an inventory that is refused, or the warnings of one that is read. */
export async function findingsOf(files: Readonly<Record<string, string>>, extraVars: readonly string[] = []) {
  try {
    return (await read(files, extraVars)).findings
  } catch (error) {
    if (error instanceof FleetErrors) return error.findings
    throw error
  }
}

/** `file:line code`, which is what a user looks for. */
export const brief = (findings: readonly Finding[]) =>
  findings.map(({ code, at }) => `${at?.file}${at?.line === undefined ? '' : `:${at.line}`} ${code}`)
