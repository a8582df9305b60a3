import type { Policy } from '../ruleset/ruleset.ts'

/** A line of a role, as compose takes it. */
export type Statement =
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'chain'; readonly chain: string; readonly policy: Policy | null }
  | { readonly kind: 'rule'; readonly chain: string; readonly text: string }
  | { readonly kind: 'commit' }
  | { readonly kind: 'comment' }
  | { readonly kind: 'unreadable' }

const UNREADABLE: Statement = { kind: 'unreadable' }

/** The words of iptables-restore that a role may use: `*table`, `:CHAIN POLICY`, `-A CHAIN ...`, COMMIT and comments. */
export function readStatement(text: string): Statement {
  if (text.startsWith('#')) return { kind: 'comment' }
  if (text === 'COMMIT') return { kind: 'commit' }
  if (text.startsWith('*')) return { kind: 'table', table: text.slice(1) }
  const chain = /^:(\S+)\s+(ACCEPT|DROP|-)(?:\s+\[\d+:\d+\])?$/.exec(text)
  if (chain)
    return {
      kind: 'chain',
      chain: chain[1] ?? '',
      policy: chain[2] === '-' ? null : chain[2] === 'DROP' ? 'DROP' : 'ACCEPT',
    }
  const rule = /^-A\s+(\S+)(?:\s+(.*))?$/.exec(text)
  return rule ? { kind: 'rule', chain: rule[1] ?? '', text: rule[2] ?? '' } : UNREADABLE
}
