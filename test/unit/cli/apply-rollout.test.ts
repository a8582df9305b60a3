import { beforeAll, describe, expect, it, vi } from 'vitest'
import { apply } from './apply-world.ts'

/* What the flags of a rollout do, from the command line to the order and the time in which hosts are armed. */

vi.mock('../../../src/cli/survey.ts', async () => ({
  prepare: (await import('./apply-world.ts')).prepareFakes,
}))

/** The time of the first test is its own. */
beforeAll(() => import('../../../src/cli/apply.ts'))

const ZONES = `[web]
a1 zone=a
a2 zone=a
a3 zone=a
b1 zone=b
b2 zone=b
c1
`
const TWELVE = Array.from({ length: 12 }, (_, at) => `h${at}\n`).join('')

const at = (hour: number, minute = 0) => new Date(2026, 0, 31, hour, minute)

describe('fleet apply --spread', () => {
  const stages = async (config: string, ...words: string[]) =>
    (await apply({ inventory: ZONES, config }, '--stages', '3,100%', ...words)).stages

  it('takes from each value of the variable in turn', async () => {
    expect(await stages('', '--spread', 'zone')).toEqual([
      ['a1', 'b1', 'c1'],
      ['a2', 'b2', 'a3'],
    ])
    expect(await stages('')).toEqual([
      ['a1', 'a2', 'a3'],
      ['b1', 'b2', 'c1'],
    ])
  })

  it('is what fleet.yml says, unless a flag says another', async () => {
    expect(await stages('rollout: {spread: zone}')).toEqual(await stages('', '--spread', 'zone'))
    expect(await stages('rollout: {spread: zone}', '--spread', 'rack')).toEqual(await stages(''))
  })

  it('by what fleet cannot read contacts nobody', async () => {
    const vaulted = apply({ inventory: "a zone='{{ dc }}'\nb\n" }, '--spread', 'zone')
    await expect(vaulted).rejects.toMatchObject({ code: 'variable-opaque' })
  })
})

describe('a group that is none', () => {
  const world = (config = '') => ({ inventory: ZONES, config })

  it('contacts nobody where a flag names it: without its canary all hosts would go at once', async () => {
    const flags = ['--canary wbe=1', '--max-parallel wbe=1', '--gate {tcp: 443, on: wbe}']
    for (const words of flags) {
      const [name = '', ...value] = words.split(' ')
      await expect(apply(world(), name, value.join(' '))).rejects.toMatchObject({
        findings: [{ code: 'rollout-unknown-group', args: { of: name, name: 'wbe', nearest: 'web' } }],
      })
    }
  })

  it('is passed over where fleet.yml names it, which may serve several inventories', async () => {
    const { stages } = await apply(world('rollout: {canaries: {wbe: 1}}'))
    expect(stages.flat()).toHaveLength(6)
  })
})

describe('fleet apply --shuffle', () => {
  const order = async (...words: string[]) =>
    (await apply({ inventory: TWELVE }, '--forks', '1', ...words)).armed.map(({ host }) => host)

  it('goes in another order than the inventory, which the same word gives again', async () => {
    const [plain, monday, again, tuesday] = [
      await order(),
      await order('--shuffle', 'monday'),
      await order('--shuffle', 'monday'),
      await order('--shuffle', 'tuesday'),
    ]
    expect(plain).toEqual(TWELVE.trim().split('\n'))
    expect(monday).not.toEqual(plain)
    expect(monday.toSorted()).toEqual(plain.toSorted())
    expect(again).toEqual(monday)
    expect(tuesday).not.toEqual(monday)
  })
})

describe('fleet apply --not-before and --not-after', () => {
  const inventory = 'a\nb\nc\nd\n'
  const hours = ({ armed }: Awaited<ReturnType<typeof apply>>) => armed.map(one => one.at)

  it('start no host before', async () => {
    const early = await apply({ inventory, began: at(21) }, '--not-before', '22:30')
    expect(hours(early)).toEqual(['22:30', '22:30', '22:30', '22:30'])
    expect([early.code, early.ends.d]).toEqual([0, 'persisted'])
  })

  it('start at once who comes in the window of every day', async () => {
    const window = ['--not-before', '22:30', '--not-after', '04:00']
    expect(hours(await apply({ inventory, began: at(23) }, ...window))[0]).toBe('23:00')
    expect(hours(await apply({ inventory, began: at(5) }, ...window))[0]).toBe('22:30')
  })

  it('start no host after; who was started comes to its end', async () => {
    const kinds = { a: 'slow', b: 'slow', c: 'slow', d: 'slow' } as const
    const site = { inventory, kinds, began: at(21, 59) }
    const late = await apply(site, '--forks', '1', '--not-after', '22:00')
    expect(late.ends).toEqual({ a: 'persisted', b: 'persisted', c: 'not started', d: 'not started' })
    expect([late.code, late.why]).toEqual([3, 'window-over'])
    const free = await apply(site, '--forks', '1')
    expect([free.code, free.armed.at(-1)?.host]).toEqual([0, 'd'])
  })

  it('are what fleet.yml says, unless a flag says another', async () => {
    const site = { inventory, config: 'rollout: {notBefore: "22:30"}', began: at(21) }
    expect(hours(await apply(site))[0]).toBe('22:30')
    expect(hours(await apply(site, '--not-before', '23:15'))[0]).toBe('23:15')
  })
})

describe('fleet apply --no-manual', () => {
  it('waits for nobody, whatever fleet.yml says', async () => {
    const site = { inventory: 'a\nb\n', config: 'rollout: {stages: [1, 100%], manual: true}' }
    const { code, ends } = await apply(site, '--no-manual')
    expect([code, ends]).toEqual([0, { a: 'persisted', b: 'persisted' }])
  })
})
