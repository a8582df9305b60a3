import { readFileSync } from 'node:fs'
import { FleetError } from '../model/error.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'
import type { Inventory } from './inventory.ts'
import { type PatternFault, selectNames, splitPattern } from './pattern.ts'

/**
 * The hosts of `-l`, in the order of the inventory; all of them without it. The whole grammar of Ansible's patterns:
 * `web:&eu:!web3`, `web[0]`, `web[1:2]`, `~regex`, globs, `@file` with a term a line.
 * Throws `limit-term` where a term matches nothing or can't be read, `limit-file`, and `limit-empty`.
 */
export function selectHosts(inventory: Inventory, limit?: string): Host[] {
  if (limit === undefined) return [...inventory.hosts.values()]
  return select(inventory, limit, splitTerms(inventory, limit).flatMap(readTerm))
}

/** The same of a limit that was said some time ago: whom it leaves out may be gone by now. */
export function selectSince(inventory: Inventory, limit: string): Host[] {
  const terms = splitTerms(inventory, limit).flatMap(readTerm)
  const isGone = (term: string) => {
    const found = term.startsWith('!') ? selectNames(inventory, [term.slice(1)]) : []
    return 'why' in found && (found.why === 'nothing' || found.why === 'index')
  }
  const left = terms.filter(term => !isGone(term))
  return select(inventory, limit, left.length === 0 && terms.length > 0 ? ['all'] : left)
}

function select(inventory: Inventory, limit: string, terms: readonly string[]): Host[] {
  const selected = terms.length === 0 ? [] : selectNames(inventory, terms)
  if ('why' in selected) throw termError(inventory, selected)
  const chosen = new Set(selected)
  if (chosen.size === 0) throw new FleetError('limit-empty', { limit })
  return [...inventory.hosts.values()].filter(({ name }) => chosen.has(name))
}

/** The hosts of `-l`, but for these, in the same words. */
export const limitWithout = (inventory: Inventory, limit: string, hosts: readonly string[]): string =>
  [...splitTerms(inventory, limit), ...hosts.map(host => `!${host}`)].join(',')

const splitTerms = (inventory: Inventory, limit: string) =>
  splitPattern(limit, name => inventory.hosts.has(name))

function readTerm(term: string): readonly string[] {
  if (!term.startsWith('@')) return [term]
  const file = term.slice(1)
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.map(line => line.trim()).filter(line => line !== '')
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new FleetError('limit-file', { file, cause }, { cause: error })
  }
}

function termError(inventory: Inventory, { term, why }: PatternFault): FleetError {
  const bare = term.replace(/^[!&]/, '').replace(/\[[^\]]*\]$/, '')
  const names = [...inventory.groups.keys(), ...inventory.hosts.keys()]
  const meant = why === 'nothing' ? nearest(bare, names) : undefined
  return new FleetError('limit-term', { term, why, nearest: meant ?? null })
}
