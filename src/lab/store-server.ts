import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { FleetError } from '../model/error.ts'
import { CONTROLLER4 } from './spec.ts'
import { STORE_PORT } from './store.ts'

const POLL = 20
const LIMIT = 20_000

/**
 * The whole web server: it has to outlive whoever starts the lab, so it is a process of its own, and as text it
 * needs no file that a build would have to carry along. Two levels below the folder, and nothing above it.
 */
const SERVER = `
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
const [folder, address, port] = process.argv.slice(1)
const answer = async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://store').pathname).split('/')
  const file = join(folder, basename(path[1] ?? ''), basename(path.at(-1) ?? ''))
  const { size } = await stat(file)
  response.setHeader('content-length', size)
  createReadStream(file).on('error', () => response.destroy()).pipe(response)
}
createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(404).end())
}).listen(Number(port), address, () => console.log('listening'))
`

export interface ServerStart {
  /** The command prefix that leads into the controller's namespace. */
  readonly enter: readonly string[]
  /** The folder of stores. */
  readonly folder: string
  readonly log: string
}

/** Starts the store's web server and answers when it listens. It ends with its namespace. */
export async function startServer({ enter, folder, log }: ServerStart): Promise<void> {
  const node = [
    process.execPath,
    '--input-type=module',
    '--eval',
    SERVER,
    folder,
    CONTROLLER4,
    `${STORE_PORT}`,
  ]
  const [program = '', ...enterArgs] = enter
  const file = await open(log, 'w')
  const child = spawn(program, [...enterArgs, ...node], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', file.fd, file.fd],
  })
  child.on('error', () => undefined)
  child.unref()
  await file.close()
  for (let waited = 0; waited < LIMIT && child.exitCode === null && child.pid !== undefined; waited += POLL) {
    if ((await readFile(log, 'utf8')).includes('listening')) return
    await sleep(POLL)
  }
  throw new FleetError('lab-store-failed', { log, said: (await readFile(log, 'utf8')).trim().slice(-1000) })
}
