import { array, assert, integer, property } from 'fast-check'
import { expect, it } from 'vitest'
import { renderAlone, role } from './fixture.ts'

const VARS =
  'yes: {type: boolean, default: true}, no: {type: boolean, default: false}, ports: {type: ports, default: [1, 2]}'

/** Each says its own line number in the comments of its rules, and nothing else. */
const pieces: readonly ((line: number) => string[])[] = [
  line => [`-A INPUT -m comment --comment L${line} -j DROP`],
  line => [`{{drop "INPUT" comment="L${line}" tcp="1-2,5" from="192.0.2.1,192.0.2.2"}}`],
  line => ['{{drop "INPUT"', '   tcp="1-2,5"', `   comment="L${line}"}}`],
  () => [''],
  () => ['{{!-- a', 'comment --}}'],
  () => ['# a comment'],
  line => [`  {{#if yes}}  `, `-A INPUT -m comment --comment L${line + 1}`, '  {{/if}}'],
  line => ['{{#if no}}', 'nothing', '{{else}}', `-A INPUT -m comment --comment L${line + 3}`, '{{/if}}'],
  line => ['{{#if yes~}}', '', '', `-A INPUT -m comment --comment L${line + 3}`, '{{/if}}', ''],
  line => ['{{#each ports}}', '', `-A INPUT -m comment --comment L${line + 2} -j DROP`, '{{/each}}'],
  line => [`{{#if yes}}{{drop "INPUT" comment="L${line}"}}{{/if}}`],
]

it('every rule knows the line that made it, whatever stands around', () => {
  assert(
    property(array(integer({ min: 0, max: pieces.length - 1 }), { maxLength: 12 }), chosen => {
      const lines: string[] = []
      for (const index of chosen) lines.push(...(pieces[index]?.(5 + lines.length) ?? []))
      const { rulesets, findings } = renderAlone(role(VARS, ...lines))
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
      const rules = [...(rulesets?.[4].tables.get('filter')?.values() ?? [])].flatMap(chain => chain.rules)
      for (const { text, at } of rules) expect(`L${at?.line}`).toBe(/L\d+/.exec(text)?.[0])
      for (const { at } of rules) expect(at?.file).toBe('my/it.hbs')
    }),
    { numRuns: 60 },
  )
})

it('rules of a partial know its file, and those after it the template again', () => {
  const part = ['---', 'vars: {from: {type: sources}}', '---', '{{drop "INPUT" from=from}}'].join('\n')
  const words = role('', '{{> part from="192.0.2.1"}}', '-A INPUT -j DROP')
  const { rulesets } = renderAlone(words, {}, { files: { part } })
  const rules = rulesets?.[4].tables.get('filter')?.get('INPUT')?.rules
  expect(rules?.map(({ at }) => `${at?.file}:${at?.line}`)).toEqual(['my/part.hbs:4', 'my/it.hbs:6'])
})
