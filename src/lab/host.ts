import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FleetError } from '../model/error.ts'
import { removeCgroups } from './cgroups.ts'
import { type CommandResult, runCommand } from './command.ts'
import type { HostPlace } from './furnish.ts'
import { lightHostCommand } from './light-host.ts'
import { addressLines, remakeNamespace, setCable, shapeCable } from './network.ts'
import { endProcessesIn, initOf } from './processes.ts'
import { hostNameOf } from './spec.ts'
import { systemdHostCommand } from './systemd-host.ts'

/** How long a host may take until sshd listens, and until it is off, in milliseconds. */
const START_LIMIT = 60_000
const STOP_LIMIT = 30_000
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
  readonly systemd: boolean
  readonly #place: HostPlace

  constructor(place: HostPlace) {
    this.#place = place
    this.name = place.plan.spec.name
    this.address4 = place.plan.address4
    this.address6 = place.plan.address6
    this.namespace = place.plan.namespace
    this.log = place.log
    this.systemd = place.plan.spec.systemd === true
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
    const over = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    for (let waited = 0; waited < START_LIMIT && !over(); waited += POLL) {
      if (await this.#isUp()) return
      await sleep(POLL)
    }
    const said = (await readFile(this.log, 'utf8')).trim().slice(-2000)
    throw new FleetError('lab-host-failed', { host: this.name, log: this.log, said })
  }

  /** Power loss: everything that runs is gone at once and so is all that the kernel kept; files stay. */
  async unplug(): Promise<void> {
    await endProcessesIn([this.namespace])
    await rm(join(this.#place.state, 'pid'), { force: true })
    await removeCgroups([this.namespace])
    await remakeNamespace(this.#place.controller, this.#place.plan)
  }

  /** Shuts the host down in order where it has systemd; a light host just ends. */
  async stop(): Promise<void> {
    if (this.systemd && this.pid !== 0) {
      await this.exec('systemctl poweroff')
      for (let waited = 0; waited < STOP_LIMIT && (await initOf(this.namespace)); waited += POLL) {
        await sleep(POLL)
      }
    }
    await this.unplug()
  }

  /** What sshd has said since the host booted: a line `Accepted ...` for each connection it let in. */
  async sshdLog(): Promise<string> {
    if (!this.systemd) return await readFile(this.log, 'utf8')
    return (await this.exec('journalctl --boot --unit ssh --output cat --no-pager')).stdout
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
    const start = { namespace: plan.namespace, name: hostNameOf(plan.spec), state, overlay }
    return this.systemd ? systemdHostCommand(start) : lightHostCommand({ ...start, bootId: randomUUID() })
  }

  async #isUp(): Promise<boolean> {
    return this.systemd ? await this.#isRunning() : await this.#isListening()
  }

  /** sshd says so itself, once for each family and port. */
  async #isListening(): Promise<boolean> {
    const ports = new Set([22, this.#place.plan.spec.port ?? 22]).size
    return (await readFile(this.log, 'utf8')).split('Server listening on').length > 2 * ports
  }

  /** systemd's own word that the boot is over; it answers only once it takes calls. */
  async #isRunning(): Promise<boolean> {
    const pid = await initOf(this.namespace)
    if (pid === undefined) return false
    await writeFile(join(this.#place.state, 'pid'), `${pid}\n`)
    const { stdout } = await this.exec('systemctl is-system-running --wait')
    return /^(running|degraded)$/m.test(stdout)
  }
}
