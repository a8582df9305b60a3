import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground } from './ground.ts'

/** One run of one contestant. */
export interface Sample {
  /** Seconds, of the program from its start to its end. */
  readonly wall: number
  /** Seconds of CPU, of the program and all that it started on the controller. */
  readonly cpu: number
  /** Megabytes that the program held at most. */
  readonly peak: number
  /** Seconds of CPU on all hosts together, SSH included. */
  readonly hostCpu: number
  /** Connections that the hosts' sshds let in. */
  readonly connections: number
}

export interface Measured {
  readonly sample: Sample
  readonly code: number
  readonly said: string
  /** Seconds from the start until it has said that; undefined if it never did. */
  readonly saidAfter: (what: RegExp) => number | undefined
}

const TIMES = 'TIMEFORMAT="@@bench %R %U %S"; time "$@"'

/** Runs a command on the controller. What it leaves running on the hosts is waited for, and counts. */
export async function measure(
  ground: Ground,
  argv: readonly string[],
  clean: () => Promise<void> = async () => {},
): Promise<Measured> {
  const { lab, folder, env } = ground
  await quiet(ground)
  const before = lookAtHosts(ground)
  const started = performance.now()
  const child = lab.spawn(['bash', '-c', TIMES, 'bash', ...argv], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // What it does to its process group must not end the bench.
    detached: true,
  })
  let said = ''
  const heard: { readonly length: number; readonly after: number }[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      said += String(chunk)
      heard.push({ length: said.length, after: (performance.now() - started) / 1000 })
    })
  }
  const saidAfter = (what: RegExp) => {
    const found = what.exec(said)
    const end = found ? found.index + found[0].length : Number.POSITIVE_INFINITY
    return heard.find(({ length }) => length >= end)?.after
  }
  const ended = new Promise<number>(resolve => child.once('close', code => resolve(code ?? -1)))
  const peak = await watchMemory(child.pid ?? 0, ended)
  const code = await ended
  await clean()
  await quiet(ground)
  const after = lookAtHosts(ground)
  const [, wall = 0, user = 0, system = 0] = /^@@bench (\S+) (\S+) (\S+)$/m.exec(said)?.map(Number) ?? []
  const sample = {
    wall,
    cpu: user + system,
    peak,
    hostCpu: after.cpu - before.cpu,
    connections: after.connections - before.connections,
  }
  return { sample, code, said, saidAfter }
}

/** The kernel keeps the peak; all that is lost is what a process takes in its last moment. */
async function watchMemory(shell: number, ended: Promise<number>): Promise<number> {
  let peak = 0
  const still = () => Promise.race([ended.then(() => false), sleep(20, true)])
  do {
    for (const pid of words(`/proc/${shell}/task/${shell}/children`)) {
      const [, kilobytes = '0'] = /^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`)) ?? []
      peak = Math.max(peak, Number(kilobytes) / 1024)
    }
  } while (await still())
  return peak
}

/** A host at rest has its init and its sshd. */
const AT_REST = 2
const PATIENCE = 30_000

/** Waits until no host has anything to do any more. */
async function quiet(ground: Ground): Promise<void> {
  const until = Date.now() + PATIENCE
  const hosts = ground.lab.hosts.length
  while (hostProcesses(ground).length > AT_REST * hosts) {
    if (Date.now() > until) throw new Error('the hosts are still at work')
    await sleep(100)
  }
}

function lookAtHosts(ground: Ground): { cpu: number; connections: number } {
  let ticks = 0
  for (const pid of hostProcesses(ground)) {
    // utime, stime and those of the children that ended: what a process's name holds can't be mistaken for them.
    const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
    for (const field of fields.slice(11, 15)) ticks += Number(field)
  }
  const connections = ground.lab.hosts.map(({ log }) => read(log).match(/^Accepted /gm)?.length ?? 0)
  return { cpu: ticks / 100, connections: connections.reduce((sum, one) => sum + one, 0) }
}

/** By pid namespace: the processes that a light host's init adopted are its own too. */
function hostProcesses({ lab }: Ground): readonly string[] {
  const namespaces = new Set(lab.hosts.map(({ pid }) => namespaceOf(String(pid))))
  return readdirSync('/proc').filter(name => /^\d/.test(name) && namespaces.has(namespaceOf(name)))
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const words = (file: string): string[] => read(file).split(' ').filter(Boolean)
