import { FAMILIES } from '../model/family.ts'
import { say } from '../report/say.ts'
import { formatRender } from '../roles/print.ts'
import type { Rendered } from '../roles/render.ts'
import { findingsOf } from './check.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { readInputs } from './inputs.ts'
import { listHosts } from './list-hosts.ts'
import { renderAll } from './rendering.ts'

/** Prints each host's rules, for both families, with the template line of each. */
export async function run(flags: Flags): Promise<number> {
  const inputs = await readInputs(flags)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))
  const rendered = await renderAll(inputs, flags)
  for (const finding of findingsOf(inputs, rendered, flags)) process.stderr.write(`${say(finding)}\n`)
  for (const [host, one] of rendered)
    process.stdout.write(`${heading(host, one)}${FAMILIES.map(family => section(one, family)).join('')}\n`)
  return 0
}

function heading(host: string, { roles }: Rendered): string {
  const said = roles.map(({ name, from }) => (name === from ? name : `${name} (${from})`))
  return `# ${host}: ${said.join(', ')}\n`
}

const section = (rendered: Rendered, family: 4 | 6) =>
  `# ip${family === 4 ? '' : '6'}tables\n${formatRender(rendered, family)}`
