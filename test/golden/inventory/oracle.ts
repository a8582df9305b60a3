import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** What ansible-inventory prints of an inventory. */
export interface OracleInventory {
  readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly groups: Readonly<Record<string, { readonly hosts?: string[]; readonly children?: string[] }>>
}

/** Why the oracle can't be asked; `undefined` where it can. */
export const missing =
  spawnSync('ansible-inventory', ['--version']).status === 0
    ? undefined
    : 'ansible-inventory is not installed (Debian package ansible-core)'

/** How the oracle prints `!unsafe` text. */
const UNSAFE = '__ansible_unsafe'

/** For what the oracle reads and runs in. */
export const folder = mkdtempSync(join(tmpdir(), 'fleet-oracle-'))
writeFileSync(join(folder, 'ansible.cfg'), '')
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const environment = {
  ...process.env,
  ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
  ANSIBLE_INVENTORY_ENABLED: 'host_list,yaml,ini',
  ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: '1',
  ANSIBLE_LOCALHOST_WARNING: '0',
}

/** Asks `ansible-inventory --list`; `undefined` where it refuses the inventory. */
export function askInventory(
  sources: readonly string[],
  extraVars: readonly string[] = [],
): OracleInventory | undefined {
  const flags = [...sources.flatMap(source => ['-i', source]), ...extraVars.flatMap(text => ['-e', text])]
  const asked = spawnSync('ansible-inventory', [...flags, '--list'], {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
  })
  if (asked.status !== 0) return undefined
  // Integers beyond 2^53 as text with an n, which is how the test writes its own.
  const exact = asked.stdout.replaceAll(/^(.*[^"\d.-])(-?\d{16,})(,?)$/gm, (line, before, digits, after) =>
    Number.isSafeInteger(Number(digits)) ? line : `${before}"${digits}n"${after}`,
  )
  const { _meta, ...groups } = JSON.parse(exact, (_, value) => value?.[UNSAFE] ?? value)
  return { hostvars: _meta.hostvars, groups }
}

/** Asks Ansible's own inventory manager for many patterns at once: the hosts, or `null` where it refuses one. */
export function askPatterns(sources: readonly string[], limits: readonly string[]): (string[] | null)[] {
  const script = `
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
sources, limits = json.load(sys.stdin)
inventory = InventoryManager(loader=DataLoader(), sources=sources)
answers = []
for limit in limits:
    try:
        inventory.clear_caches()
        inventory.subset(limit)
        answers.append([host.name for host in inventory.get_hosts('all')])
    except Exception as error:
        answers.append(None)
print(json.dumps(answers))
`
  return askPython(script, [sources, limits])
}

/** What a script of Python's prints as JSON when it reads the input as JSON. */
export function askPython(script: string, value: unknown) {
  const input = JSON.stringify(value)
  return JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', script], {
      input,
      env: environment,
      maxBuffer: 2 ** 28,
      cwd: folder,
      encoding: 'utf8',
    }),
  )
}
