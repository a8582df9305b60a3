import { readFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import pLimit from 'p-limit'
import { Client, type ConnectConfig } from 'ssh2'

/*
 * The least that a tool can do: ssh2 as it comes, the commands themselves, and nothing around them. Its connections
 * agree on the same algorithms as those of src/session, so what differs is what fleet adds, and what it spares.
 *
 *   node bare.js JOB.json
 */

type Step = 'restore' | 'save' | 'true'

export interface BareJob {
  readonly keyFile: string
  /** What is run, one connection after the other on every host, and one command after the other in each. */
  readonly connections: readonly (readonly Step[])[]
  readonly hosts: readonly BareHost[]
}

export interface BareHost {
  readonly address: string
  /** The host's public key, as base64. */
  readonly hostKey: string
  readonly rules4: string
  readonly rules6: string
}

const AT_ONCE = 50

async function main(file: string): Promise<void> {
  const job: BareJob = JSON.parse(readFileSync(file, 'utf8'))
  const privateKey = readFileSync(job.keyFile)
  const limit = pLimit(AT_ONCE)
  await Promise.all(job.hosts.map(host => limit(() => visit(host, job.connections, privateKey))))
}

async function visit(host: BareHost, connections: BareJob['connections'], privateKey: Buffer): Promise<void> {
  for (const steps of connections) {
    const client = await logIn(host, privateKey)
    for (const step of steps) await execute(client, commandOf(step, host), stdinOf(step, host))
    const closed = new Promise<void>(resolve => client.on('close', () => resolve()))
    client.end()
    await closed
  }
}

function commandOf(step: Step, { rules4 }: BareHost): string {
  if (step === 'true') return 'true'
  if (step === 'save') return 'iptables-save && ip6tables-save'
  return `head -c ${Buffer.byteLength(rules4)} | iptables-restore && ip6tables-restore`
}

const stdinOf = (step: Step, { rules4, rules6 }: BareHost) => (step === 'restore' ? rules4 + rules6 : '')

function logIn({ address, hostKey }: BareHost, privateKey: Buffer): Promise<Client> {
  return new Promise((resolve, reject) => {
    const sock = dial({ host: address, port: 22, noDelay: true })
    const client = new Client()
    const expected = Buffer.from(hostKey, 'base64')
    const config: ConnectConfig = {
      sock,
      username: 'root',
      privateKey,
      readyTimeout: 60_000,
      algorithms: {
        kex: ['ecdh-sha2-nistp256'],
        cipher: ['aes128-gcm@openssh.com'],
        serverHostKey: ['ssh-ed25519'],
      },
      hostVerifier: (key: Buffer) => key.equals(expected),
    }
    client.once('ready', () => resolve(client))
    client.on('error', reject)
    sock.once('error', reject)
    client.connect(config)
  })
}

function execute(client: Client, command: string, stdin: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      let code: number | null = null
      let said = ''
      channel.on('data', () => undefined)
      channel.stderr.on('data', chunk => {
        said += String(chunk)
      })
      channel.on('exit', (exit: number | null) => {
        code = exit
      })
      channel.on('close', () =>
        code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said}`)),
      )
      channel.end(stdin)
    })
  })
}

await main(process.argv[2] ?? '')
