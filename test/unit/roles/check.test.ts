import { describe, expect, it } from 'vitest'
import { say } from '../../../src/report/say.ts'
import { errorsOf, renderAlone, role, rulesOf } from './fixture.ts'

const FROM = 'http_from: {type: sources, default: anywhere}'
const first = (...lines: string[]) => renderAlone(role(FROM, ...lines)).findings[0]

describe('names that a template uses', () => {
  it.each([
    ['a bare value', '-A INPUT -s {{htp_from}} -j DROP'],
    ['an argument of a helper', '{{accept "INPUT" tcp=80 from=htp_from}}'],
    ["a block's condition", '{{#if htp_from}}{{/if}}'],
    ['what each goes through', '{{#each htp_from}}{{this}}{{/each}}'],
    ['an argument of a comparison', '{{#if (eq htp_from "anywhere")}}{{/if}}'],
    ['a value of a partial', '{{> part from=htp_from}}'],
    ['a line in an else', '{{#if http_from}}{{else}}{{accept "INPUT" from=htp_from}}{{/if}}'],
  ])('are refused in %s, with the nearest', (_, line) => {
    expect(first('', line)).toMatchObject({
      code: 'template-undeclared',
      args: { name: 'htp_from', nearest: 'http_from' },
      at: { file: 'my/it.hbs', line: 6 },
    })
  })

  it.each([
    ['../', '{{#each http_from}}{{../http_from}}{{/each}}', 'template-path'],
    ['@root', '{{@root.http_from}}', 'template-path'],
    ['this outside of each', '{{this}}', 'template-path'],
    ['a field of a value', '{{http_from.length}}', 'template-undeclared'],
    ['the constructor', '{{constructor}}', 'template-undeclared'],
    ["a host's variables", '{{host.variables}}', 'template-undeclared'],
    ['undefined', '{{accept "INPUT" from=undefined}}', 'template-undefined'],
    ['lookup', '{{lookup http_from 0}}', 'template-unknown-helper'],
    ['with', '{{#with http_from}}{{/with}}', 'template-unknown-helper'],
    ['a block of a variable', '{{#http_from}}{{/http_from}}', 'template-unknown-helper'],
    ['an unknown helper', '{{acept}}', 'template-undeclared'],
    ['an unknown helper with values', '{{acept "INPUT" tcp=1}}', 'template-unknown-helper'],
    ['an unknown call in a value', '{{accept "INPUT" from=(concat "a" "b")}}', 'template-unknown-helper'],
    ['a misspelt key', '{{accept "INPUT" form=http_from}}', 'template-unknown-argument'],
    ['a key said twice', '{{accept "INPUT" from="host:h1" from="anywhere"}}', 'template-argument-twice'],
    ['a chain without quotes', '{{accept INPUT}}', 'template-arguments'],
    ['no chain', '{{accept tcp=80}}', 'template-arguments'],
    ['a chain with words in it', '{{accept "INPUT -j ACCEPT"}}', 'template-arguments'],
    ['a partial in a partial block', '{{#> part}}{{/part}}', 'template-statement'],
    ['a decorator', '{{* decorate}}', 'template-statement'],
    ['a dynamic partial', '{{> (eq 1 2)}}', 'template-partial-name'],
    ['a context for a partial', '{{> part http_from}}', 'template-partial-context'],
  ])('are refused as %s', (_, line, code) => {
    expect(first(line)).toMatchObject({ severity: 'error', code, at: { line: 5 } })
  })

  it('are all reported at once', () => {
    const rendered = renderAlone(role(FROM, '{{a}}', '{{b}}', '{{accept "INPUT" form=c}}'))
    expect(errorsOf(rendered)).toEqual([
      'template-undeclared my/it.hbs:5',
      'template-undeclared my/it.hbs:6',
      'template-unknown-argument my/it.hbs:7',
      'template-undeclared my/it.hbs:7',
    ])
    expect(rendered.rulesets).toBeNull()
  })

  it('are found inside of each, where the engine alone would find nothing and mean anywhere', () => {
    const ports = 'ports: {type: ports}, who: {type: sources}'
    const words = role(
      ports,
      '{{#each ports as |port|}}',
      '{{accept "INPUT" tcp=port from=who}}',
      '{{/each}}',
    )
    const rendered = renderAlone(words, { ports: [80, 443], who: '198.51.100.1' })
    expect(rulesOf(rendered)).toEqual([
      'INPUT -s 198.51.100.1/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT',
      'INPUT -s 198.51.100.1/32 -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT',
    ])
  })
})

describe('a template', () => {
  it('with a syntax error says the line', () => {
    expect(first('-A INPUT -j DROP', '{{#if http_from}}')).toMatchObject({ code: 'template-syntax' })
    expect(first('', '{{accept "INPUT" from=}}')).toMatchObject({ code: 'template-syntax', at: { line: 6 } })
    expect(first('{{#if http_from}}', '{{/unless}}')).toMatchObject({
      code: 'template-syntax',
      at: { line: 5 },
    })
  })

  it.each([
    ['{{#if http_from}}', /: it ends before something that was opened/],
    ['{{/if}}', /: a \{\{\/NAME\}\} stands here/],
    ['{{else}}', /: an \{\{else\}\} stands here/],
    ['{{accept "INPUT}}', /: here or just before, .* a quote, a brace or a value/],
    ['{{accept "INPUT" tcp=80}', /: here or just before/],
    ['{{!-- never closed', /: here or just before/],
    ['{{#if http_from}}{{/unless}}', /: if doesn't match unless$/],
  ])('is told what is wrong in words of its author: %s', (words, expected) => {
    const finding = first(words)
    expect(finding && say(finding)).toMatch(expected)
  })

  it('with a control character is refused', () => {
    expect(first('', '-A INPUT \u0001my/x.hbs:1\u0002-j DROP')).toMatchObject({
      code: 'template-control-character',
      at: { line: 6 },
    })
  })

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const rendered = renderAlone(`\uFEFF${role(FROM, '-A INPUT -p tcp -j DROP').replaceAll('\n', '\r\n')}`)
    expect(rulesOf(rendered)).toEqual(['INPUT -p tcp -j DROP'])
  })
})
