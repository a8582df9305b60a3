import { describe, expect, it } from 'vitest'
import type { Value } from '../../../src/model/value.ts'
import { Opaque } from '../../../src/model/value.ts'
import { errorsOf, makeHost, render, renderAlone, role, rulesOf, WRITTEN } from './fixture.ts'

const WORDS = role('who: {type: sources}', '{{drop "INPUT" from=who}}')
const drop = (who: Value, family: 4 | 6 = 4) => rulesOf(renderAlone(WORDS, { who }), family)
const problem = (who: Value) =>
  renderAlone(WORDS, { who }).findings.find(({ severity }) => severity === 'error')

describe('sources', () => {
  it('are anywhere only by the word, or without from', () => {
    expect(drop('anywhere')).toEqual(['INPUT -j DROP'])
    expect(rulesOf(renderAlone(role('', '{{drop "INPUT"}}')))).toEqual(['INPUT -j DROP'])
    expect(rulesOf(renderAlone(role('', '{{drop "INPUT" from="anywhere"}}')))).toEqual(['INPUT -j DROP'])
  })

  it.each([[null], [''], [[]]])('that are %j are nobody, and no rule', who => {
    expect(drop(who)).toEqual([])
    expect(drop(who, 6)).toEqual([])
    const { findings } = renderAlone(WORDS, { who })
    expect(findings).toMatchObject([{ code: 'sources-nobody', severity: 'note', args: { what: 'who' } }])
  })

  it('of one family make no rule in the other, and say so', () => {
    const rendered = renderAlone(WORDS, { who: '192.0.2.1' })
    expect(rulesOf(rendered, 4)).toEqual(['INPUT -s 192.0.2.1/32 -j DROP'])
    expect(rulesOf(rendered, 6)).toEqual([])
    expect(rendered.findings).toMatchObject([
      {
        code: 'sources-no-family',
        severity: 'note',
        args: { family: 6 },
        at: { file: 'my/it.hbs', line: 5 },
      },
    ])
  })

  it('of one family are false as a condition in the other', () => {
    const words = role('who: {type: sources}', '{{#if who}}', '-A INPUT -j DROP', '{{/if}}')
    const rendered = renderAlone(words, { who: ['192.0.2.1'] })
    expect([rulesOf(rendered, 4).length, rulesOf(rendered, 6).length]).toEqual([1, 0])
  })

  it('are addresses, networks and ranges, as a list or with commas', () => {
    const expected = [
      'INPUT -s 192.0.2.1/32 -j DROP',
      'INPUT -s 198.51.100.0/24 -j DROP',
      'INPUT -m iprange --src-range 192.0.2.5-192.0.2.9 -j DROP',
      'INPUT -s 192.0.2.16/28 -j DROP',
    ]
    const said = [
      '192.0.2.1',
      '198.51.100.77/24',
      '192.0.2.5-192.0.2.9',
      '192.0.2.16-192.0.2.31',
      '192.0.2.1',
    ]
    expect(drop(said)).toEqual(expected)
    expect(drop(said.join(', '))).toEqual(expected)
    expect(drop('2001:DB8::1', 6)).toEqual(['INPUT -s 2001:db8::1/128 -j DROP'])
    expect(drop('feed::1', 6)).toEqual(['INPUT -s feed::1/128 -j DROP'])
  })

  it('that are a whole family need no address there, and are nobody in the other', () => {
    expect(drop('0.0.0.0/0')).toEqual(['INPUT -j DROP'])
    expect(drop('0.0.0.0/0', 6)).toEqual([])
  })

  it('go through each one by one', () => {
    const words = role('who: {type: sources}', '{{#each who}}', '-A INPUT -s {{this}} -j DROP', '{{/each}}')
    const rendered = renderAlone(words, { who: ['192.0.2.1', '2001:db8::/32'] })
    expect(rulesOf(rendered, 4)).toEqual(['INPUT -s 192.0.2.1/32 -j DROP'])
    expect(rulesOf(rendered, 6)).toEqual(['INPUT -s 2001:db8::/32 -j DROP'])
    expect(errorsOf(renderAlone(words, { who: 'anywhere' }))).toEqual(['each-not-list my/it.hbs:5'])
  })

  it.each<[Value, string]>([
    [['anywhere', '192.0.2.1'], 'source-anywhere-in-list'],
    [['anywhere'], 'source-anywhere-in-list'],
    ['anywhere,192.0.2.1', 'source-anywhere-in-list'],
    ['192.0.2.1,,192.0.2.2', 'address-invalid'],
    ['example.org', 'address-invalid'],
    ['192.0.2.300', 'address-invalid'],
    ['192.0.2.1\n-A INPUT -j ACCEPT', 'address-invalid'],
    [7, 'source-shape'],
    [true, 'source-shape'],
    [[['192.0.2.1']], 'source-shape'],
    ['dns:example.org', 'source-not-yet'],
    ['country:NL', 'feed-unknown'],
    ['feed:bad', 'feed-unknown'],
    ['set:mine', 'source-not-yet'],
    ['group:nobody', 'source-unknown'],
    [new Opaque('vault', 'x'), 'variable-opaque'],
    [[new Opaque('jinja', 'x')], 'variable-opaque'],
  ])('that are %j are refused where they were written', (who, code) => {
    expect(problem(who)).toMatchObject({ code, at: WRITTEN })
  })

  it('say which address was meant, where that shows', () => {
    expect(problem('192.0.2.1:443')?.args).toMatchObject({ why: 'port', meant: '192.0.2.1' })
    expect(problem(['192.0.2.1', '192.0.2'])?.args).toMatchObject({ why: 'short', meant: '192.0.2.0/24' })
  })

  it.each([
    ['any', 'anywhere'],
    ['anywere', 'anywhere'],
    ['h1', 'host:h1'],
    ['web', 'group:web'],
    ['all', 'group:all'],
    ['example.org', null],
  ])('say how %j would be said: %j', (who, meant) => {
    expect(problem(who)).toMatchObject({ code: 'address-invalid', args: { meant } })
  })

  it('can never be a word of a raw line', () => {
    const words = role('who: {type: sources, default: anywhere}', '-A INPUT -s {{who}} -j ACCEPT')
    expect(errorsOf(renderAlone(words))).toEqual(['value-sources my/it.hbs:5'])
  })
})

describe('group: and host:', () => {
  const web = (name: string, variables: Record<string, Value>) => makeHost(name, ['web'], variables)
  const host = makeHost('db1', ['db'], { fleet_roles: ['it'], who: 'group:web' })
  const rules = (others: ReturnType<typeof web>[], family: 4 | 6 = 4) =>
    rulesOf(render(host, { files: { it: WORDS }, others }), family)

  it('are ansible_host where it is an address, and fleet_addresses', () => {
    const others = [
      web('web1', { ansible_host: '192.0.2.1', fleet_addresses: ['2001:db8::1', '10.0.0.1'] }),
      web('192.0.2.2', {}),
    ]
    expect(rules(others)).toEqual([
      'INPUT -s 192.0.2.1/32 -j DROP',
      'INPUT -s 10.0.0.1/32 -j DROP',
      'INPUT -s 192.0.2.2/32 -j DROP',
    ])
    expect(rules(others, 6)).toEqual(['INPUT -s 2001:db8::1/128 -j DROP'])
  })

  it('name the member that has no address', () => {
    const rendered = render(host, {
      files: { it: WORDS },
      others: [web('web7', { ansible_host: 'web7.example' })],
    })
    expect(rendered.findings).toMatchObject([
      {
        code: 'source-member-without-address',
        args: { host: 'web7', reference: 'group:web', text: 'web7.example' },
        at: WRITTEN,
      },
    ])
    const unsaid = render(host, { files: { it: WORDS }, others: [web('web7', {})] })
    expect(unsaid.findings).toMatchObject([{ args: { host: 'web7', text: null } }])
  })

  it('suggest the name that was meant', () => {
    const near = makeHost('db1', ['db'], { fleet_roles: ['it'], who: 'host:wep1' })
    const { findings } = render(near, { files: { it: WORDS }, others: [web('web1', {})] })
    expect(findings).toMatchObject([{ code: 'source-unknown', args: { nearest: 'web1' } }])
  })
})

describe('feed: and country:', () => {
  const feeds = (four: readonly string[], six: readonly string[] = []) => ({
    lists: () => ({ 4: four, 6: six }),
  })
  const rules = (who: Value, options: ReturnType<typeof feeds>, family: 4 | 6 = 4) =>
    rulesOf(renderAlone(WORDS, { who }, options), family)

  it('are the networks of the list, beside what else is named', () => {
    const list = feeds(['45.1.1.0/24', '45.2.2.2'], ['2600::/32', '2600:1::1'])
    expect(rules(['feed:drop', '192.0.2.1'], list)).toEqual([
      'INPUT -s 45.1.1.0/24 -j DROP',
      'INPUT -s 45.2.2.2/32 -j DROP',
      'INPUT -s 192.0.2.1/32 -j DROP',
    ])
    expect(rules('country:NL', list, 6)).toEqual([
      'INPUT -s 2600::/32 -j DROP',
      'INPUT -s 2600:1::1/128 -j DROP',
    ])
  })

  it('are nobody where the list is empty, and never anywhere', () => {
    expect(rules('feed:drop', feeds([]))).toEqual([])
    expect(rules('feed:drop', feeds(['45.1.1.1']), 6)).toEqual([])
  })

  it('are a set where there are more than 16', () => {
    const rendered = renderAlone(
      WORDS,
      { who: 'feed:drop' },
      feeds(Array.from({ length: 17 }, (_, at) => `45.1.${at}.1`)),
    )
    expect(rulesOf(rendered)).toEqual([`INPUT -m set --match-set ${rendered.sets[0]?.name} src -j DROP`])
    expect(rendered.sets[0]?.entries).toContain('45.1.16.1/32')
  })

  it('stand in a template as well', () => {
    const words = role('', '{{accept "INPUT" tcp=22 from="feed:drop, 192.0.2.1"}}')
    expect(rulesOf(renderAlone(words, {}, feeds(['45.1.1.1'])))).toHaveLength(2)
  })
})

describe('a list of more than 16', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `198.51.100.${index * 2}`)

  it('becomes a set, named by its content', () => {
    const rendered = renderAlone(WORDS, { who: [...many(17), '2001:db8::1'] })
    const [set] = rendered.sets
    expect(rulesOf(rendered)).toEqual([`INPUT -m set --match-set ${set?.name} src -j DROP`])
    expect(set).toMatchObject({ family: 4, type: 'hash:net', entries: { length: 17 } })
    expect(set?.name).toMatch(/^fleet4-[0-9a-f]{12}$/)
    expect(rulesOf(rendered, 6)).toEqual(['INPUT -s 2001:db8::1/128 -j DROP'])
    const again = renderAlone(WORDS, { who: [...many(17)].reverse() })
    expect(again.sets).toEqual(rendered.sets)
  })

  it('stays a rule each up to 16', () => {
    expect(drop(many(16))).toHaveLength(16)
  })

  it('has its ranges as networks in the set', () => {
    const rendered = renderAlone(WORDS, { who: [...many(17), '203.0.113.1-203.0.113.3'] })
    expect(rendered.sets[0]?.entries.slice(-2)).toEqual(['203.0.113.1/32', '203.0.113.2/31'])
  })
})
