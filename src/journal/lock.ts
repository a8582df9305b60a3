import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FleetError } from '../model/error.ts'
import { findOpenRun } from './find.ts'
import { placeOf, placesOf } from './inventory-place.ts'
import { isRunning } from './writer.ts'

/** Who changes the hosts of an inventory right now. */
export interface Holder {
  readonly run: string
  readonly who: string
  readonly since: string
  readonly pid: number
}

/**
 * One run at a time on an inventory of a folder of journals: a socket that the kernel knows by name, and that dies with
 * its process, however that ends. Answers how to let go of it. Error: `run-going-on`, with what its holder says.
 */
export async function lockInventory(
  directory: string,
  inventory: readonly string[],
  holder: Holder,
): Promise<() => void> {
  const name = nameOf(await placeOf(directory), await placesOf(inventory))
  const server = createServer(socket => socket.on('error', () => undefined).end(JSON.stringify(holder)))
  try {
    await listen(server, name)
  } catch (error) {
    if (!isTaken(error)) throw error
    const held = await ask(name)
    if (held !== 'gone') {
      const known = held === 'silent' ? await holderOf(directory, inventory) : held
      throw new FleetError('run-going-on', { ...known })
    }
    await rm(name, { force: true })
    await listen(server, name)
  }
  server.unref()
  return () => void server.close()
}

/** As the journals tell it: a process that is stopped, or ends just now, doesn't answer. */
async function holderOf(directory: string, inventory: readonly string[]): Promise<Holder> {
  const record = await findOpenRun(directory, inventory).catch(() => undefined)
  const writer = record?.writers.find(isRunning)
  if (!record || !writer) return UNKNOWN
  const { run, who, since } = record
  return { run, who, since, pid: writer.pid }
}

/**
 * On Linux an abstract name (unix(7)): nothing lies on a disk, and nothing is left of a process that was killed.
 * Elsewhere a file, which a killed process leaves behind and nobody answers at.
 */
function nameOf(directory: string, inventory: readonly string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([directory, inventory]))
    .digest('hex')
  const name = `fleet-${hash.slice(0, 32)}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
}

const listen = (server: Server, name: string) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(name, resolve)
  })

const isTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

const UNKNOWN: Holder = { run: '?', who: '?', since: '?', pid: 0 }

/** Milliseconds that a holder may take to say who it is. */
const PATIENCE = 2000

/** `gone`: a file that a process which was killed has left. */
async function ask(name: string): Promise<Holder | 'silent' | 'gone'> {
  try {
    const said = await text(createConnection({ path: name, signal: AbortSignal.timeout(PATIENCE) }))
    return { ...UNKNOWN, ...JSON.parse(said) }
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
    return isRefused && !name.startsWith('\0') ? 'gone' : 'silent'
  }
}
