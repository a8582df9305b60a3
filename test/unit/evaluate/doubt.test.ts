import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Packet } from '../../../src/evaluate/packet.ts'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Rule, Ruleset } from '../../../src/ruleset/ruleset.ts'

/** Rules whose match is `yes`, `no`, a rate (`maybe`) or a mark (`unknown`): all that the walk sees of a match. */
const MATCHES = ['', '-p udp ', '-m limit --limit 1/s ', '-m mark --mark 0x1 ']
const TARGETS = ['-j ACCEPT', '-j DROP', '-j REJECT', '-j RETURN', '-j LOG', '-j A', '-j B', '-g A', '-g B']
const PACKET: Packet = { family: 4, hook: 'input', proto: 'tcp', ctstate: 'NEW' }

const rule = (targets: readonly string[]) =>
  fc.tuple(fc.constantFrom(...MATCHES), fc.constantFrom(...targets)).map(([match, target]) => match + target)
const chain = (name: string, targets: readonly string[]) =>
  fc.array(rule(targets), { maxLength: 4 }).map(rules => rules.map(text => `-A ${name} ${text}`))

const rulesets = fc
  .tuple(
    fc.constantFrom('ACCEPT', 'DROP'),
    chain('INPUT', TARGETS),
    chain(
      'A',
      TARGETS.filter(target => !target.endsWith(' A')),
    ),
    chain('B', TARGETS.slice(0, 5)),
  )
  .map(([policy, ...chains]) =>
    parseSave(`*filter\n:INPUT ${policy}\n:A -\n:B -\n${chains.flat().join('\n')}\nCOMMIT\n`, 4),
  )

/** The kernel's walk, once each doubtful rule is decided. Undefined: back to the caller. */
function run(ruleset: Ruleset, name: string, holds: (rule: Rule) => boolean): string | undefined {
  const chain = ruleset.tables.get('filter')?.get(name)
  for (const rule of chain?.rules ?? []) {
    if (!holds(rule) || rule.text.endsWith('LOG')) continue
    const target = rule.text.split(' ').at(-1) ?? ''
    if (target === 'RETURN') break
    if (/^[A-Z]{4,}$/.test(target)) return target.toLowerCase()
    const result = run(ruleset, target, holds)
    if (result) return result
    if (rule.text.includes('-g ')) break
  }
  return chain?.policy?.toLowerCase()
}

const rulesOf = (ruleset: Ruleset, part: string) =>
  [...(ruleset.tables.get('filter')?.values() ?? [])].flatMap(({ rules }) =>
    rules.filter(({ text }) => text.includes(part)),
  )

/** Every way in which each of the rules holds or doesn't. */
function* choices(rules: readonly Rule[]): Generator<ReadonlySet<Rule>> {
  for (let bits = 0; bits < 2 ** rules.length; bits++) {
    yield new Set(rules.filter((_, at) => bits & (1 << at)))
  }
}

/** For each state of the world, known to nobody, what becomes of the packet as the rates have it. */
function outcomes(ruleset: Ruleset): ReadonlySet<string | undefined>[] {
  const [rates, marks] = [rulesOf(ruleset, 'limit'), rulesOf(ruleset, 'mark')]
  return [...choices(marks)].map(marked => {
    const ends = [...choices(rates)].map(limited =>
      run(
        ruleset,
        'INPUT',
        rule => !/udp|limit|mark/.test(rule.text) || marked.has(rule) || limited.has(rule),
      ),
    )
    return new Set(ends)
  })
}

function allowed(verdict: string, worlds: readonly ReadonlySet<string | undefined>[]): boolean {
  const all = new Set(worlds.flatMap(ends => [...ends]))
  if (verdict === 'unknown') return all.size > 1
  if (verdict === 'conditional') return worlds.every(ends => ends.has('accept')) && all.size > 1
  if (verdict === 'drop') return !all.has('accept')
  return all.size === 1 && all.has(verdict)
}

it('a verdict holds in every world: sure, or sure but for rates, or truly open', () => {
  fc.assert(
    fc.property(rulesets, ruleset => {
      fc.pre(rulesOf(ruleset, 'limit').length + rulesOf(ruleset, 'mark').length <= 8)
      const { verdict } = evaluate(ruleset, PACKET, { sets: new Map() })
      expect(`${verdict} ${allowed(verdict, outcomes(ruleset))}`).toBe(`${verdict} true`)
    }),
    { numRuns: 1000 },
  )
}, 60_000)

it('nothing is in doubt where no rule is', () => {
  fc.assert(
    fc.property(rulesets, ruleset => {
      fc.pre(
        ![...(ruleset.tables.get('filter')?.values() ?? [])].some(({ rules }) =>
          rules.some(({ text }) => /limit|mark/.test(text)),
        ),
      )
      expect(evaluate(ruleset, PACKET, { sets: new Map() }).verdict).toBe(
        run(ruleset, 'INPUT', ({ text }) => !text.includes('udp')),
      )
    }),
    { numRuns: 300 },
  )
})
