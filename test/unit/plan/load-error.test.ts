import { expect, it } from 'vitest'
import { loadFinding } from '../../../src/plan/load-error.ts'
import { say } from '../../../src/report/say.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'

const rule = (text: string, line: number) => ({ text, at: { file: 'templates/web.hbs', line } })
const rules = ['-p tcp -m tcp --dprt 80 -j ACCEPT', '-p tcp -m tcp --dport 81 -j ACEPT']
const chain = { name: 'INPUT', policy: 'DROP' as const, rules: rules.map((text, at) => rule(text, at + 8)) }
const ruleset: Ruleset = { family: 4, tables: new Map([['filter', new Map([['INPUT', chain]])]]) }
const said = (...lines: string[]) =>
  say(loadFinding(new Map([['4', lines.join('\n')]]), { 4: ruleset, 6: ruleset }))

const HELP = "Try `iptables-restore -h' or 'iptables-restore --help' for more information."

it('what does not load is told by the line of its template, and not by one that nobody sees', () => {
  const option = 'iptables-restore v1.8.9 (nf_tables): unknown option "--dprt"'
  expect(said(option, 'Error occurred at line: 3', HELP)).toBe(
    `templates/web.hbs:8: The IPv4 rules don't load on this host; its own tools say: ${option}. Correct the role; nothing was changed.`,
  )
})

it.each([
  ["iptables-restore v1.8.9 (nf_tables): Chain 'ACEPT' does not exist", 'Error occurred at line: 5', HELP],
  ["iptables-restore v1.8.9 (legacy): Couldn't load target `ACEPT':No such file or directory"],
])('a target that there is none of is told by its line: %s', (...lines) => {
  expect(said(...lines)).toMatch(/^templates\/web\.hbs:9: .*ACEPT/)
})

it('what is not about a rule has no line', () => {
  expect(said('Error occurred at line: 9')).toBe(
    "The IPv4 rules don't load on this host; its own tools say: Error occurred at line: 9. Correct the role; nothing was changed.",
  )
})
