import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FleetError } from '../model/error.ts'

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
  const name = nameOf(directory, inventory)
  const server = createServer(socket => socket.on('error', () => undefined).end(JSON.stringify(holder)))
  await take(server, name)
  server.unref()
  return () => void server.close()
}

async function take(server: Server, name: string): Promise<void> {
  try {
    await listen(server, name)
  } catch (error) {
    if (!isTaken(error)) throw error
    const held = await ask(name)
    if (held || name.startsWith('\0')) throw new FleetError('run-going-on', { ...(held ?? UNKNOWN) })
    await rm(name, { force: true })
    await listen(server, name)
  }
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

/** Undefined where nobody answers: the holder ends just now, or was killed. */
async function ask(name: string): Promise<Holder | undefined> {
  try {
    return { ...UNKNOWN, ...JSON.parse(await text(createConnection(name))) }
  } catch {
    return undefined
  }
}
