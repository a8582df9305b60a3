import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A host of the inventory. `kind`: hosts of one are to have the same rules. */
export interface Row {
  readonly name: string
  readonly address: string
  readonly kind: string
}

/** Writes an inventory of hosts of so many kinds, as an operator keeps it. */
export function writeInventory(folder: string, hosts: number, kinds: number): readonly Row[] {
  const rows = Array.from({ length: hosts }, (_, index) => ({
    name: `web${index + 1}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    kind: `kind${(index % kinds) + 1}`,
  }))
  const names = Array.from({ length: kinds }, (_, index) => `kind${index + 1}`)
  const groups = names.map(kind => {
    const own = rows.filter(row => row.kind === kind)
    return `[${kind}]\n${own.map(({ name, address }) => `${name} ansible_host=${address}\n`).join('')}`
  })
  mkdirSync(join(folder, 'group_vars'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('inventory.ini', `${groups.join('')}[web:children]\n${names.map(name => `${name}\n`).join('')}`)
  write('group_vars/all.yml', 'ssh_from: [10.90.0.1]\n')
  for (const [index, name] of names.entries())
    write(
      `group_vars/${name}.yml`,
      `http_ports: [80, 443, ${9000 + (index % 1000)}]\nssh_from: [10.90.0.1, 10.91.${index >> 8}.${index & 255}]\n`,
    )
  return rows
}
