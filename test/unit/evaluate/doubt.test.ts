import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Packet } from '../../../src/evaluate/packet.ts'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'

/** Rules whose match is `yes`, `no`, a rate (`maybe`) or a mark (`unknown`): all that the walk sees of a match. */
const MATCHES = ['', '-p udp ', '-m limit --limit 1/s ', '-m mark --mark 0x1 ']
const TARGETS = ['-j ACCEPT', '-j DROP', '-j RETURN', '-j LOG', '-j A', '-j B', '-g A', '-g B']
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
    chain('B', TARGETS.slice(0, 4)),
  )
  .map(([policy, ...chains]) =>
    parseSave(`*filter\n:INPUT ${policy}\n:A -\n:B -\n${chains.flat().join('\n')}\nCOMMIT\n`, 4),
  )

/** The kernel's walk, once each doubtful rule is decided. Undefined: back to the caller. */
function run(ruleset: Ruleset, name: string, holds: (text: string) => boolean): string | undefined {
  const chain = ruleset.tables.get('filter')?.get(name)
  for (const { text } of chain?.rules ?? []) {
    if (!holds(text) || text.endsWith('LOG')) continue
    const target = text.split(' ').at(-1) ?? ''
    if (target === 'RETURN') break
    if (target === 'ACCEPT' || target === 'DROP') return target.toLowerCase()
    const result = run(ruleset, target, holds)
    if (result) return result
    if (text.includes('-g ')) break
  }
  return chain?.policy?.toLowerCase()
}

/** A rate and a mark each hold or don't, for the whole packet: the outcome of all four worlds. */
function outcomes(ruleset: Ruleset) {
  const world = (limit: boolean, mark: boolean) =>
    run(
      ruleset,
      'INPUT',
      text =>
        !(text.includes('udp') || (text.includes('limit') && !limit) || (text.includes('mark') && !mark)),
    )
  return { rare: [world(true, false), world(true, true)], often: [world(false, false), world(false, true)] }
}

function allowed(verdict: string, { rare, often }: ReturnType<typeof outcomes>): boolean {
  if (verdict === 'unknown') return true
  if (verdict === 'conditional') return new Set(rare).size === 1 && new Set(often).size === 1
  return [...rare, ...often].every(outcome => outcome === verdict)
}

it('a verdict that is sure holds in every world, and a conditional one hangs on no mark', () => {
  fc.assert(
    fc.property(rulesets, ruleset => {
      const { verdict } = evaluate(ruleset, PACKET, { sets: new Map() })
      expect(allowed(verdict, outcomes(ruleset))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

it('nothing is in doubt where no rule is', () => {
  fc.assert(
    fc.property(rulesets, ruleset => {
      fc.pre(
        ![...(ruleset.tables.get('filter')?.values() ?? [])].some(({ rules }) =>
          rules.some(({ text }) => /limit|mark/.test(text)),
        ),
      )
      expect(evaluate(ruleset, PACKET, { sets: new Map() }).verdict).toBe(outcomes(ruleset).rare[0])
    }),
    { numRuns: 300 },
  )
})
