import { expect, it } from 'vitest'
import { readConfig } from '../../../src/config/read.ts'
import { readInventory } from '../../../src/inventory/read.ts'
import { FAMILIES } from '../../../src/model/family.ts'
import type { Host } from '../../../src/model/host.ts'
import { makeBook } from '../../../src/roles/book.ts'
import { formatRender } from '../../../src/roles/print.ts'
import { makeRenderer } from '../../../src/roles/render.ts'
import { openRoles } from '../../../src/roles/roles.ts'

/** The sample as a user gets it: what each host is rendered to, to the letter. */
const { inventory, findings } = await readInventory({ sources: ['inventory/inventory.ini'], cwd: '.' })
const hosts = [...inventory.hosts.values()]
const { roles } = await readConfig('inventory')
const render = makeRenderer({
  templates: openRoles([]),
  mapping: roles,
  book: makeBook(hosts),
  sshPort: () => 22,
})

it('has an inventory that nothing is to be said of', () => {
  expect(findings).toEqual([])
})

it.each(hosts.map(host => [host.name, host] as const))('renders %s', async (name, host) => {
  const rendered = render(host)
  expect(rendered.findings.filter(({ severity }) => severity !== 'note')).toEqual([])
  for (const family of FAMILIES) {
    const heading = rendered.roles.map(({ name, from }) => (name === from ? name : `${name} (${from})`))
    const text = `# ${heading.join(', ')}\n${formatRender(rendered, family)}`
    await expect(text).toMatchFileSnapshot(`expected/${name}.v${family}`)
  }
})

it('has a start for fleet init that reads without a word, and a role that runs', async () => {
  const start = await readInventory({ sources: ['templates/init/inventory.ini'], cwd: '.' })
  const mapping = (await readConfig('templates/init')).roles
  expect(start.findings).toEqual([])
  expect([...mapping.keys()]).toEqual(['webservers', 'dbservers'])
  const templates = openRoles([{ path: 'templates/init/templates', shown: 'templates' }])
  const at = { file: 'group_vars/all.yml' }
  const host: Host = {
    name: 'h',
    groups: ['example'],
    variables: new Map([['monitor_from', { value: '192.0.2.9', at }]]),
  }
  const { rulesets } = makeRenderer({ templates, mapping, book: makeBook([host]), sshPort: () => 22 })(host)
  expect(
    rulesets?.[4].tables
      .get('filter')
      ?.get('INPUT')
      ?.rules.map(({ text }) => text),
  ).toContain(
    '-s 192.0.2.9/32 -p tcp -m tcp --dport 9100 -m conntrack --ctstate NEW -m comment --comment monitoring -j ACCEPT',
  )
})
