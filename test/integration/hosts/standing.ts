import type { LabHost } from '../../../src/lab/host.ts'

/** What a web server stands on, read in one go: its second port, and all its other rules. */
export interface Standing {
  readonly port: number
  /** The live rules of both families, without that port. */
  readonly rules: string
  readonly generation: number
  readonly isLocked: boolean
}

const READ = `
iptables-save && ip6tables-save || exit
readlink /etc/iptables/fleet/current
[ ! -e /run/fleet/lock ] || echo locked
`
const PORT = /--dports 443,\d+/g

export async function standingOf(host: LabHost): Promise<Standing> {
  const { code, stdout, stderr } = await host.exec(READ)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  const lines = stdout.split('\n').map(line => line.replace(/ \[\d+:\d+\]$/, ''))
  const rules = lines.filter(line => /^[*:-]|^COMMIT/.test(line)).join('\n')
  return {
    port: Number(rules.match(PORT)?.[0].split(',')[1]),
    rules: rules.replaceAll(PORT, '--dports 443,PORT'),
    generation: Number(/^gen-(\d+)$/m.exec(stdout)?.[1]),
    isLocked: /^locked$/m.test(stdout),
  }
}
