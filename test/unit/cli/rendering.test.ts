import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/cli/check.ts'
import type { Flags } from '../../../src/cli/command.ts'
import { readInputs } from '../../../src/cli/inputs.ts'
import { renderAll } from '../../../src/cli/rendering.ts'

let folder = ''
const here = (name: string) => join(folder, name)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rendering-'))
  await mkdir(here('roles'))
  await writeFile(here('inventory.ini'), '[exporters]\nmon1 ansible_host=192.0.2.1\n')
  const role = '---\nrole: An exporter.\n---\n*filter\n{{accept "INPUT" tcp=9100}}\nCOMMIT\n'
  await writeFile(here('roles/exporters.hbs'), role)
})
afterEach(() => rm(folder, { recursive: true }))

describe('a template that no host has', () => {
  const missed = async (inventory: string, config = '') => {
    await writeFile(here('inventory.ini'), inventory)
    await writeFile(here('fleet.yml'), `templates: roles\n${config}`)
    const flags = { inventory: [here('inventory.ini')], limit: 'a' }
    const inputs = await readInputs(flags)
    const findings = findingsOf(inputs, await renderAll(inputs, flags), flags)
    return findings.filter(({ code }) => code === 'role-missed')
  }

  it('and that is called almost as a group without a role is told of', async () => {
    expect(await missed('[exporter]\na\n')).toMatchObject([
      {
        severity: 'warning',
        args: { name: 'exporters', group: 'exporter' },
        at: { file: expect.stringMatching(/roles\/exporters\.hbs$/) },
      },
    ])
  })

  it.each([
    ['no group is called almost so', 'a\n[web]\nb\n', ''],
    ['its group is not meant just now', 'a\n[exporters]\nb\n[exporter]\nc\n', ''],
    ['fleet.yml gives that group a role', 'a\n[exporter]\nb\n', 'roles: {exporter: [web]}\n'],
    ['fleet.yml gives it to another group', 'a\n[exporter]\nb\n', 'roles: {web: [exporters]}\n'],
    ['a host has it by its list', 'a fleet_roles=base,exporters\n[exporter]\nb\n', ''],
  ])('is no matter where %s', async (_, inventory, config) => {
    expect(await missed(inventory, config)).toEqual([])
  })
})

async function rolesOf(more: Flags = {}): Promise<readonly string[] | undefined> {
  const flags = { inventory: [here('inventory.ini')], ...more }
  const rendered = await renderAll(await readInputs(flags), flags)
  return rendered.get('mon1')?.roles.map(({ name }) => name)
}

describe('the folder of templates', () => {
  it('is found by a flag, and by fleet.yml', async () => {
    expect(await rolesOf({ templates: here('roles') })).toEqual(['base', 'exporters', 'final'])
    await writeFile(here('fleet.yml'), 'templates: roles\n')
    expect(await rolesOf()).toEqual(['base', 'exporters', 'final'])
  })

  it('that is named and not there renders nobody: its roles would go from every host', async () => {
    const missing = (of: string, name: string) => ({
      code: 'templates-missing',
      args: { of, folder: here(name) },
    })
    await expect(rolesOf({ templates: here('rolse') })).rejects.toMatchObject(missing('--templates', 'rolse'))
    const file = here('roles/exporters.hbs')
    await expect(rolesOf({ templates: file })).rejects.toMatchObject({ code: 'templates-missing' })
    await writeFile(here('fleet.yml'), 'templates: role\n')
    await expect(rolesOf()).rejects.toMatchObject(missing('templates: of fleet.yml', 'role'))
  })
})

describe('a file called fleet.yaml', () => {
  it('renders nobody: what it says would have no effect', async () => {
    await writeFile(here('fleet.yaml'), 'templates: roles\n')
    await expect(rolesOf()).rejects.toMatchObject({ code: 'config-other-name' })
  })

  it("is somebody else's where fleet.yml is there too", async () => {
    await writeFile(here('fleet.yaml'), 'defaultNamespace: web\n')
    await writeFile(here('fleet.yml'), '')
    expect(await rolesOf()).toEqual(['base', 'final'])
  })
})

it('what is wrong is told without the notes among which nobody would find it', async () => {
  await writeFile(here('inventory.ini'), '[web]\nweb1 http_from=192.0.2.9 ping=maybe htp3=true\n')
  await expect(rolesOf()).rejects.toMatchObject({
    findings: [
      { code: 'near-miss-variable', severity: 'warning' },
      { code: 'variable-type', severity: 'error' },
    ],
  })
})
