import type { Family } from '../model/family.ts'
import type { Place } from '../model/place.ts'

/** One rule of a chain, in the words of iptables-save after `-A CHAIN `. */
export interface Rule {
  readonly text: string
  /** The template line it comes from, where it comes from one. */
  readonly at?: Place
  /** The role that contributed it. */
  readonly role?: string
}

export type Policy = 'ACCEPT' | 'DROP'

export interface Chain {
  readonly name: string
  /** A built-in chain's policy; null for a chain that a user made. */
  readonly policy: Policy | null
  readonly rules: readonly Rule[]
}

/** Chains by name, in the order they were declared. */
export type Table = ReadonlyMap<string, Chain>

/** A host's rules for one family: tables by name. */
export interface Ruleset {
  readonly family: Family
  readonly tables: ReadonlyMap<string, Table>
}

/** The built-in chains of each table, in the kernel's order. */
export const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
}

export function isBuiltIn(table: string, chain: string): boolean {
  return BUILT_IN[table]?.includes(chain) ?? false
}

/** An ipset that rules refer to. Its name says its content (`fleet4-<hash>`), so it never changes in place. */
export interface IpSet {
  readonly name: string
  readonly family: Family
  readonly type: 'hash:net'
  /** Addresses and CIDRs, aggregated, sorted. */
  readonly entries: readonly string[]
}
