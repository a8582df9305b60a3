/** What `--list-hosts` prints, as Ansible does. */
export function listHosts(names: readonly string[]): number {
  process.stdout.write(`  hosts (${names.length}):\n${names.map(name => `    ${name}\n`).join('')}`)
  return 0
}
