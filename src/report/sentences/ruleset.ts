import type { Sentences } from './sentence.ts'

export const rulesetSentences = {
  'save-unreadable': ({ text }) =>
    `What iptables-save printed has a line that fleet can't read: ${String(text)}. Expected only tables, chains, rules and COMMIT. fleet doesn't guess at a firewall: run iptables-save on the host, and look for a program that writes between its lines or a save that broke off.`,
  'save-incompatible': ({ table }) =>
    `The table "${String(table)}" holds rules that iptables can't express (made by nft), so iptables-save leaves them out and restoring its text would lose them. Look at them with \`nft list ruleset\`, and take them out of the table, or let this host be managed by nft alone.`,
} satisfies Sentences
