import { expect, it } from 'vitest'
import { parseYamlInventory } from '../../../src/inventory/yaml-inventory.ts'
import { brief } from './folder.ts'

it.each([
  ['', '1 inventory-yaml-root'],
  ['{}', '1 inventory-yaml-root'],
  ['- web1', '1 inventory-yaml-root'],
  ['web1', '1 inventory-yaml-root'],
  ['plugin: aws_ec2\nregions: [x]', '1 inventory-not-yet'],
  ['web: web1', '1 inventory-yaml-mapping'],
  ['web:\n  hosts: [web1]', '2 inventory-yaml-mapping'],
  ['web:\n  vars: x', '2 inventory-yaml-mapping'],
  ['web:\n  host: {web1: }', '2 inventory-yaml-section'],
  ['web:\n  hosts:\n    web1: x', '3 inventory-yaml-mapping'],
  ['web:\n  hosts:\n    10: {}', '3 inventory-yaml-name'],
  ['web:\n  hosts:\n    web[3:1]:', '3 inventory-bad-host-name'],
  ['web:\n  hosts:\n    "web:":', '3 inventory-bad-host-name'],
  ['all:\n  children:\n    5: {}', '3 inventory-yaml-name'],
  ['web: {}\nweb: {}', '2 vars-duplicate-key'],
  ['web: {', '1 vars-bad-yaml'],
])('%j is %s', (text, expected) => {
  expect(brief(parseYamlInventory(text, 'hosts.yml').findings)).toEqual([`hosts.yml:${expected}`])
})

it('names the section that was probably meant', () => {
  const [finding] = parseYamlInventory('web:\n  host:\n', 'h').findings
  expect(finding?.args).toEqual({ group: 'web', name: 'host', nearest: 'hosts' })
})
