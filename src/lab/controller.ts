import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { CommandResult } from './command.ts'
import type { HostPlace } from './furnish.ts'

export interface RunOptions {
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Given to the command on standard input, which is empty without it. */
  readonly stdin?: string
}

/** Names of the lab's hosts resolve, and nothing else does: the lab's files lie over the machine's. */
const ENTER = `
mount --bind "$1/hosts.txt" /etc/hosts
if [ -e /etc/resolv.conf ]; then mount --bind /dev/null /etc/resolv.conf; fi
shift
exec "$@"
`

/** The machine that the lab's hosts are reached from: a namespace of its own with the hosts' names in it. */
export class Controller {
  /** The network namespace of the controller, as `ip netns` knows it. */
  readonly controller: string
  readonly stateDir: string
  /** Private key that logs in as root, operator, keeper and nosudo on every host. */
  readonly keyFile: string
  readonly knownHosts: string
  /** An inventory of all hosts, by facts that Ansible and fleet read alike. */
  readonly inventoryFile: string
  readonly #places: readonly HostPlace[]

  constructor(controller: string, stateDir: string, places: readonly HostPlace[]) {
    this.controller = controller
    this.stateDir = stateDir
    this.keyFile = join(stateDir, 'id_ed25519')
    this.knownHosts = join(stateDir, 'known_hosts')
    this.inventoryFile = join(stateDir, 'inventory.ini')
    this.#places = places
  }

  /** The inventory's rows, one a host: `web1 ansible_host=10.90.1.1`. */
  get rows(): readonly string[] {
    return this.#places.map(({ plan }) => `${plan.spec.name} ansible_host=${plan.address4}`)
  }

  /** What every host has in common, for `[all:vars]`. */
  get variables(): Readonly<Record<string, string>> {
    return {
      ansible_user: 'root',
      ansible_ssh_private_key_file: this.keyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${this.knownHosts}`,
    }
  }

  /** The whole inventory, with `rows` grouped as a test wants them instead of all alike. */
  inventory(rows: readonly string[] = this.rows): string {
    const variables = Object.entries(this.variables).map(([name, value]) => `${name}=${quote(value)}`)
    return [...rows, '', '[all:vars]', ...variables, ''].join('\n')
  }

  /**
   * Starts a command on the controller. The child is the command itself, so its signals go to it. Its files are
   * this machine's; its network is the lab's.
   */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const enter = [`--net=/run/netns/${this.controller}`, 'unshare', '--mount', '--propagation', 'private']
    return spawn('nsenter', [...enter, 'sh', '-ec', ENTER, 'sh', this.stateDir, ...argv], options)
  }

  /** Runs a command on the controller to its end and keeps what it says. */
  async run(argv: readonly string[], { cwd, env, stdin = '' }: RunOptions = {}): Promise<CommandResult> {
    const child = this.spawn(argv, { ...(cwd && { cwd }), env: { ...process.env, ...env }, stdio: 'pipe' })
    const ended = endOf(child)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
    const [code, stdout, stderr] = await Promise.all([ended, readAll(child.stdout), readAll(child.stderr)])
    return { code, stdout, stderr }
  }

  /** Runs a command on the controller with this process's own terminal. Answers its exit code. */
  async attach(argv: readonly string[], { cwd, env }: Omit<RunOptions, 'stdin'> = {}): Promise<number> {
    const child = this.spawn(argv, { ...(cwd && { cwd }), env: { ...process.env, ...env }, stdio: 'inherit' })
    // Ctrl-C reaches the child by itself, and how it ends is the child's business.
    const wait = () => undefined
    const forward = () => void child.kill('SIGTERM')
    process.on('SIGINT', wait).on('SIGTERM', forward)
    try {
      return await endOf(child)
    } finally {
      process.off('SIGINT', wait).off('SIGTERM', forward)
    }
  }

  /** The OpenSSH client's arguments for one of the lab's hosts, for `run(['ssh', ...])`. */
  sshArguments(host: string, user = 'root'): readonly string[] {
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${this.knownHosts}`]
    const address = this.#places.find(({ plan }) => plan.spec.name === host)?.plan.address4 ?? host
    return [
      '-F',
      'none',
      '-i',
      this.keyFile,
      ...options.flatMap(option => ['-o', option]),
      `${user}@${address}`,
    ]
  }

  /** Writes known_hosts and the inventory. `keys` are the hosts' public keys, in their order. */
  async publish(keys: readonly string[]): Promise<void> {
    const lines = this.#places.map(({ plan }, index) => `${namesOf(plan).join(',')} ${keys[index] ?? ''}`)
    await writeFile(this.knownHosts, `${lines.join('\n')}\n`)
    await writeFile(this.inventoryFile, this.inventory())
  }
}

function namesOf({ spec, address4, address6 }: HostPlace['plan']): readonly string[] {
  const names = [spec.name, address4, address6, ...(spec.address === undefined ? [] : [spec.address])]
  const { port } = spec
  return port === undefined ? names : [...names, ...names.map(name => `[${name}]:${port}`)]
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 128)))
  })
}

const readAll = (stream: NodeJS.ReadableStream | null) => (stream === null ? '' : text(stream))
const quote = (value: string) => (/\s/.test(value) ? `'${value}'` : value)
