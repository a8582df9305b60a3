import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import pLimit from 'p-limit'
import { installOnAll } from '../src/lab/install.ts'
import { type Lab, startLab, stopLab } from '../src/lab/lab.ts'
import {
  CONTROLLER_MAC,
  CONTROLLER4,
  type HostPlan,
  type LabSpec,
  planHosts,
  stateDirOf,
} from '../src/lab/spec.ts'
import type { BareHost } from './bare.ts'

/** `FLEET_PROGRAM` names another build, as in the tests. */
export const FLEET = resolve(process.env.FLEET_PROGRAM ?? 'dist/main.js')

/** What is measured on: hosts that have iptables-persistent, and a folder as an operator keeps it. */
export interface Ground {
  readonly lab: Lab
  readonly folder: string
  /** For what is run there: nothing of this machine's user. */
  readonly env: Readonly<Record<string, string>>
  write(name: string, text: string): string
  end(): Promise<void>
}

export async function prepareGround(hosts: number, say: (line: string) => void): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'))
  const names = Array.from({ length: hosts }, (_, index) => `web${index + 1}`)
  await stopLeftovers()
  say(`${hosts} hosts start`)
  const spec: LabSpec = {
    name: 'bench',
    hosts: names.map(name => ({ name })),
    packages: true,
    aptLists: true,
  }
  const lab = await startLab(spec, say)
  const ground: Ground = {
    lab,
    folder,
    env: { HOME: folder, SSH_AUTH_SOCK: '', XDG_STATE_HOME: '', NO_COLOR: '1' },
    write: (name, text) => write(join(folder, name), text),
    end: async () => {
      await lab.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await introduce(lab, planHosts(spec))
    say('iptables-persistent is installed')
    await installOnAll(lab)
    ground.write('inventory.ini', lab.inventory(['[web]', ...lab.rows]))
    // Without a source, SSH is limited to a rate that a bench is far above.
    ground.write('group_vars/all.yml', 'ssh_from: [10.90.0.1, "fd90::1"]\n')
    return ground
  } catch (error) {
    await ground.end()
    throw error
  }
}

/** Labs of benches that were killed. */
async function stopLeftovers(): Promise<void> {
  const labs = dirname(stateDirOf({ name: 'bench' }))
  const names = existsSync(labs) ? readdirSync(labs) : []
  for (const name of names) {
    const pid = /^bench-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await stopLab(name)
  }
}

/**
 * Everybody knows everybody's hardware address: a question for one is sent to all of 500 cables, and of thirty times
 * that at once the kernel drops a part. No switch between real servers does that.
 */
async function introduce(lab: Lab, seats: readonly HostPlan[]): Promise<void> {
  const known = seats.map(
    ({ address4, mac }) => `neigh replace ${address4} lladdr ${mac} dev br0 nud permanent`,
  )
  const { code, stderr } = await lab.run(['ip', '-batch', '-'], { stdin: known.join('\n') })
  if (code !== 0) throw new Error(`ip neigh: ${stderr}`)
  const limit = pLimit(4)
  const command = `ip neigh replace ${CONTROLLER4} lladdr ${CONTROLLER_MAC} dev eth0 nud permanent`
  await Promise.all(lab.hosts.map(host => limit(() => host.exec(command))))
}

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** The hosts with the rules that fleet last made permanent there, if it did. */
export function bareHosts({ lab }: Ground): readonly BareHost[] {
  const keys = new Map(
    readFileSync(lab.knownHosts, 'utf8')
      .split('\n')
      .flatMap(line => {
        const [names = '', , key = ''] = line.split(' ')
        return names.split(',').map(name => [name, key] as const)
      }),
  )
  return lab.hosts.map(host => ({
    address: host.address4,
    hostKey: keys.get(host.address4) ?? '',
    rules4: rulesOn(join(host.disk, 'etc/iptables/rules.v4')),
    rules6: rulesOn(join(host.disk, 'etc/iptables/rules.v6')),
  }))
}

/** None where fleet has made nothing permanent. */
const rulesOn = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
