import { readdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Lab, openLab, startLab, stopLab } from '../lab/lab.ts'
import type { HostSpec } from '../lab/spec.ts'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'
import { LAB_VARIABLE, LAB_VARIABLES_FILE, readInputs } from './inputs.ts'
import { labCommand, SSH_CONFIG, sshConfig } from './lab-command.ts'

const NAME = 'fleet'
const ACTIONS: Readonly<Record<string, (flags: Flags, rest: readonly string[]) => Promise<number>>> = {
  up,
  run: runInside,
  down,
}

/** `lab up [inventory]`, `lab run -- COMMAND...`, `lab down`. */
export async function run(flags: Flags): Promise<number> {
  const action = flag(flags, 'action', 'string') ?? ''
  const act = ACTIONS[action]
  if (!act) throw new FleetError('lab-unknown-action', { action, actions: Object.keys(ACTIONS) })
  return act(flags, flagList(flags, 'rest'))
}

async function up(flags: Flags, rest: readonly string[]): Promise<number> {
  const { connections } = await readInputs({ ...flags, ...(rest.length > 0 ? { inventory: rest } : {}) })
  const systemd = flag(flags, 'systemd', 'boolean') ?? false
  const hosts = [...connections.values()].map(connection => specOf(connection, systemd))
  const packages = flag(flags, 'packages', 'boolean') ?? true
  const users = [
    ...new Set([...connections.values()].map(({ user }) => user).filter(user => user !== 'root')),
  ]
  const spec = { name: NAME, hosts, packages, aptLists: true, users, authorizedKeys: await publicKeys() }
  const lab = await startLab(spec, line => process.stderr.write(`${line}\n`))
  await writeVariables(lab, connections.values())
  const apply = ['fleet apply', ...rest.slice(0, 1)].join(' ')
  process.stdout.write(`${hosts.length} hosts are up. Try: fleet lab run -- ${apply}\n`)
  return 0
}

function specOf({ host, address, port }: Connection, systemd: boolean): HostSpec {
  return {
    name: host,
    ...(address === host ? {} : { address }),
    ...(port === 22 ? {} : { port }),
    ...(systemd ? { systemd } : {}),
  }
}

/** The operator's own keys, so that the lab lets in whoever would be let in elsewhere. */
async function publicKeys(): Promise<readonly string[]> {
  const folder = join(homedir(), '.ssh')
  const names = (await readdir(folder).catch(() => [])).filter(name => /^id_\w+\.pub$/.test(name))
  return Promise.all(names.map(async name => (await readFile(join(folder, name), 'utf8')).trim()))
}

/** What `lab run` tells fleet and OpenSSH inside: the lab's key and its hosts' keys, which no inventory knows. */
async function writeVariables(lab: Lab, connections: Iterable<Connection>): Promise<void> {
  const variables = {
    ansible_ssh_private_key_file: lab.keyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHosts}`,
  }
  await writeFile(join(lab.stateDir, LAB_VARIABLES_FILE), JSON.stringify(variables))
  await writeFile(join(lab.stateDir, SSH_CONFIG), sshConfig(lab, connections))
}

async function runInside(flags: Flags, rest: readonly string[]): Promise<number> {
  const command = [...rest, ...flagList(flags, '--')]
  if (command.length === 0) throw new FleetError('lab-no-command')
  const lab = await openLab(NAME)
  const argv = labCommand(command, lab.stateDir, [process.execPath, process.argv[1] ?? ''])
  return lab.attach(argv, { env: { [LAB_VARIABLE]: lab.stateDir } })
}

async function down(): Promise<number> {
  process.stdout.write((await stopLab(NAME)) ? 'The lab is gone.\n' : 'No lab was up.\n')
  return 0
}
