import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FleetError } from '../model/error.ts'
import { type CommandResult, runCommand } from './command.ts'
import type { HostPlace } from './furnish.ts'
import { lightHostCommand } from './light-host.ts'
import { addressLines, remakeNamespace, setCable, shapeCable } from './network.ts'
import { endProcessesIn } from './processes.ts'

/** How long a host may take until sshd listens, in milliseconds. */
const START_LIMIT = 60_000
const POLL = 20
const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LANG=C.UTF-8',
]

/** One host of a lab. */
export class LabHost {
  readonly name: string
  readonly address4: string
  readonly address6: string
  readonly namespace: string
  /** A file that gets what sshd says (a line each accepted connection), or the console of a systemd host. */
  readonly log: string
  /** The folder that holds the host's own files, as seen from this machine. */
  readonly disk: string
  readonly #place: HostPlace

  constructor(place: HostPlace) {
    this.#place = place
    this.name = place.plan.spec.name
    this.address4 = place.plan.address4
    this.address6 = place.plan.address6
    this.namespace = place.plan.namespace
    this.log = place.log
    this.disk = join(place.disk, 'upper')
  }

  /** The host's pid 1 as this machine knows it; 0 while the host is off. */
  get pid(): number {
    try {
      return Number(readFileSync(join(this.#place.state, 'pid'), 'utf8'))
    } catch {
      return 0
    }
  }

  /** Runs a line of shell as root inside the host, without the network. A host that is off answers with an error. */
  async exec(command: string, stdin = ''): Promise<CommandResult> {
    if (this.pid === 0) throw new FleetError('lab-host-off', { host: this.name })
    const enter = ['nsenter', '-t', String(this.pid), '-n', '-m', '-p', '-u', '-r', '-w']
    return await runCommand([...enter, 'env', '-i', ...ENVIRONMENT, 'sh', '-c', command], stdin)
  }

  /** Starts the host and waits until sshd listens. */
  async boot(): Promise<void> {
    await writeFile(join(this.#place.state, 'addresses'), `${addressLines(this.#place.plan).join('\n')}\n`)
    const log = await open(this.log, 'w')
    const [program = '', ...args] = this.#command()
    const child = spawn(program, args, { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] })
    // 'error' where the program can't be started: the log stays empty, and that is the report.
    child.on('error', () => undefined)
    child.unref()
    await log.close()
    await this.#listening(() => child.exitCode !== null || child.pid === undefined)
  }

  /** Power loss: everything that runs is gone at once and so is all that the kernel kept; files stay. */
  async unplug(): Promise<void> {
    await endProcessesIn([this.namespace])
    await rm(join(this.#place.state, 'pid'), { force: true })
    await remakeNamespace(this.#place.controller, this.#place.plan)
  }

  /** Shuts the host down. A light host has nothing to shut down in order: its processes end. */
  async stop(): Promise<void> {
    await this.unplug()
  }

  /**
   * Gives the host's network a distance: what follows `root` in `tc qdisc replace`, e.g. `netem delay 50ms`,
   * for each direction. `null` takes it away. A discipline that the kernel hasn't throws `lab-shape-refused`.
   */
  async shape(args: string | null): Promise<void> {
    await shapeCable(this.#place.controller, this.#place.plan, args)
  }

  /** Pulls the network cable. */
  async cut(): Promise<void> {
    await setCable(this.#place.controller, this.#place.plan, 'down')
  }

  async mend(): Promise<void> {
    await setCable(this.#place.controller, this.#place.plan, 'up')
  }

  #command(): readonly string[] {
    const { plan, state, disk, lower } = this.#place
    const overlay = `lowerdir=${lower.join(':')},upperdir=${join(disk, 'upper')},workdir=${join(disk, 'work')}`
    return lightHostCommand({
      namespace: plan.namespace,
      name: plan.spec.name,
      state,
      overlay,
      bootId: randomUUID(),
    })
  }

  /** sshd says so itself, once for each family and port. */
  async #listening(over: () => boolean): Promise<void> {
    const ports = new Set([22, this.#place.plan.spec.port ?? 22]).size
    for (let waited = 0; waited < START_LIMIT && !over(); waited += POLL) {
      const said = await readFile(this.log, 'utf8')
      if (said.split('Server listening on').length > 2 * ports) return
      await sleep(POLL)
    }
    const said = (await readFile(this.log, 'utf8')).trim().slice(-2000)
    throw new FleetError('lab-host-failed', { host: this.name, log: this.log, said })
  }
}
