import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/walk.ts'
import type { Family } from '../../src/model/family.ts'
import { parseSave } from '../../src/ruleset/parse.ts'
import { type Kernel, startKernel } from './evaluate-kernel.ts'
import { SETS, type World, worldsOf } from './evaluate-worlds.ts'

const BACKENDS: readonly [program: string, family: Family][] = [
  ['iptables-nft', 4],
  ['ip6tables-nft', 6],
  ['iptables-legacy', 4],
  ['ip6tables-legacy', 6],
]

/* oxlint-disable vitest/valid-expect -- the message is the only way to see the ruleset that failed */
/** Random rulesets and real packets, `rulesets` for each backend and family: the kernel's verdicts are the evaluator's. */
export function holdAgainstKernel(rulesets: number): void {
  let kernel: Kernel
  beforeAll(() => {
    kernel = startKernel()
  })
  afterAll(() => kernel.end())

  describe.each(BACKENDS)('%s', (program, family) => {
    it('does with real packets what the evaluator says', async () => {
      const seed = Number(process.env.FLEET_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
      const seen = new Set<string>()
      for (const [at, world] of fc.sample(worldsOf(family), { seed, numRuns: rulesets }).entries()) {
        const verdicts = ask(world, family)
        const { accepted, rejects } = await kernel.judge(program, world.payload, world.packets)
        const wrong = world.packets.flatMap((packet, index) => {
          const verdict = verdicts[index]
          if (accepted[index] === (verdict?.verdict === 'accept')) return []
          return [{ packet, kernelAccepts: accepted[index], verdict }]
        })
        const story = `${world.payload}seed ${seed}, ruleset ${at}`
        expect(wrong, story).toEqual([])
        expect(rejects, story).toBe(verdicts.filter(({ verdict }) => verdict === 'reject').length)
        for (const { verdict } of verdicts) seen.add(verdict)
      }
      expect([...seen].toSorted()).toEqual(['accept', 'drop', 'reject'])
    }, 600_000)
  })
}

function ask({ payload, packets }: World, family: Family) {
  const ruleset = parseSave(payload, family)
  return packets.map(packet => evaluate(ruleset, packet, { sets: SETS }))
}
