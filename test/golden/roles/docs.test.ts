import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makeHost, render, role } from '../../unit/roles/fixture.ts'

const VARS = [
  'log_servers: {type: sources}',
  'suspects: {type: sources}',
  'blocked: {type: sources}',
  'mode: {type: enum, values: [strict, lax]}',
].join(', ')

const SAID = {
  log_servers: '192.0.2.9',
  suspects: '192.0.2.66',
  blocked: ['203.0.113.9'],
  mode: 'strict',
  admin_port: 8000,
  fleet_roles: ['it'],
}

const blocks = readFileSync('docs/roles.md', 'utf8').matchAll(/^```handlebars\n([\s\S]*?)^```/gm)
const examples = [...blocks].map(([, text = '']) => (text.startsWith('---') ? text : role(VARS, text)))

it.each(examples)('the example %# of docs/roles.md works', text => {
  const bastion = makeHost('b1', ['bastions'], { ansible_host: '192.0.2.50' })
  const rendered = render(makeHost('h1', [], SAID), { files: { it: text }, others: [bastion] })
  expect(rendered.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(rendered.rulesets?.[4].tables.get('filter')?.size).toBeGreaterThan(0)
})
