import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../../src/model/connection.ts'

type KeyType = 'ed25519' | 'ecdsa' | 'rsa'

/** A login shell for each way of reading a command line; `fs-` users exist only in the sshd's own mounts. */
export const SHELLS: Readonly<Record<string, string>> = {
  'fs-bash': '/bin/bash',
  'fs-dash': '/bin/dash',
  'fs-fish': '/usr/bin/fish',
  'fs-csh': '/usr/bin/csh',
  'fs-tcsh': '/usr/bin/tcsh',
  'fs-busybox': '/usr/bin/busybox',
}
const USERS: Readonly<Record<string, string>> = {
  ...SHELLS,
  'fs-sudo': '/bin/bash',
  'fs-pass': '/bin/bash',
  'fs-nosudo': '/bin/bash',
  'fs-nologin': '/usr/sbin/nologin',
  'fs-nosuch': '/bin/bash',
}
export const PASSWORD = "it's $HOME!"

const SUDOERS = `Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
fs-sudo ALL=(ALL:ALL) NOPASSWD: ALL
fs-pass ALL=(ALL:ALL) ALL
`

/** A real OpenSSH sshd on a loopback port, in mounts of its own: there it has users that this machine hasn't. */
export interface Sshd {
  readonly folder: string
  readonly port: number
  /** What sshd said so far: one "Accepted" a login. */
  log(): string
  /** Resolves when the log holds `text` more often than `before` times. */
  said(text: string, times?: number): Promise<void>
  publicKey(type: KeyType): string
  /** How many processes serve connections: none, once sshd has seen the last of them end. */
  sessions(): number
  connection(changes?: Partial<Connection>): Connection
  stop(): Promise<void>
}

export function makeKey(file: string, type: KeyType = 'ed25519', passphrase = ''): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'fleet test', '-f', file])
  return file
}

export async function startSshd({
  hostKeys = ['ed25519', 'ecdsa', 'rsa'],
  config = '',
}: {
  hostKeys?: readonly KeyType[]
  config?: string
} = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-session-'))
  const port = await freePort()
  for (const type of hostKeys) makeKey(join(folder, `host_${type}`), type)
  makeKey(join(folder, 'id_ed25519'))
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(join(folder, 'id_ed25519.pub')))
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...hostKeys.map(type => `HostKey ${folder}/host_${type}`),
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      config,
    ].join('\n'),
  )
  const process = spawn(
    'unshare',
    ['--mount', '--pid', '--mount-proc', '--fork', '--kill-child', 'sh', '-c', writeMounts(folder)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let log = ''
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = new Promise<void>(resolve => process.once('close', () => resolve()))
  const said = async (text: string, times = 1) => {
    while (log.split(text).length - 1 < times) {
      if (process.exitCode !== null || process.signalCode) throw new Error(`sshd ended:\n${log}`)
      await Promise.race([ended, new Promise(resolve => process.stderr.once('data', resolve))])
    }
  }
  await said('Server listening')
  const publicKey = (type: KeyType) =>
    readFileSync(join(folder, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, hostKeys.map(type => `[127.0.0.1]:${port} ${publicKey(type)}\n`).join(''))
  return {
    folder,
    port,
    log: () => log,
    said,
    publicKey,
    sessions: () => childrenOf(childrenOf(process.pid)[0]).length,
    connection: changes => ({
      host: 'web1',
      address: '127.0.0.1',
      port,
      user: 'root',
      keyFile: join(folder, 'id_ed25519'),
      become: false,
      hostKeyChecking: 'strict',
      knownHostsFiles: [knownHosts],
      connectTimeout: 10_000,
      ...changes,
    }),
    async stop() {
      process.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The machine's own /etc is never touched: copies stand over it in the sshd's mount namespace. */
function writeMounts(folder: string): string {
  const etc = join(folder, 'etc')
  mkdirSync(etc)
  const hash = execFileSync('openssl', ['passwd', '-6', PASSWORD], { encoding: 'utf8' }).trim()
  for (const name of ['passwd', 'shadow', 'shells'])
    writeFileSync(join(etc, name), readFileSync(`/etc/${name}`), { mode: name === 'shadow' ? 0o600 : 0o644 })
  symlinkSync('/usr/bin/busybox', join(folder, 'sh'))
  writeFileSync(join(etc, 'sudoers'), SUDOERS, { mode: 0o440 })
  Object.entries(USERS).forEach(([user, shell], index) => {
    const home = join(folder, user)
    mkdirSync(home)
    chownSync(home, 64_000 + index, 65_534)
    // busybox is the shell `sh` by the name that it is called by.
    const own = shell.endsWith('busybox') ? join(folder, 'sh') : shell
    appendFileSync(join(etc, 'passwd'), `${user}:x:${64_000 + index}:65534::${home}:${own}\n`)
    appendFileSync(join(etc, 'shadow'), `${user}:${user === 'fs-pass' ? hash : '*'}:19000::::::\n`)
  })
  chmodSync(folder, 0o755)
  const binds = ['passwd', 'shadow', 'shells', 'sudoers'].map(
    name => `mount --bind ${join(etc, name)} /etc/${name}`,
  )
  // What this machine's root has in his .bashrc is nothing to a test; killed in the middle it leaves locks behind.
  const home = 'mount -t tmpfs -o mode=700 tmpfs /root'
  return [...binds, home, `mkdir -p /run/sshd`, `exec /usr/sbin/sshd -D -e -f ${folder}/sshd_config`].join(
    ' && ',
  )
}

const childrenOf = (pid: number | undefined): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** Waits for a condition of the machine, which tells nobody when it comes true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(resolve => setTimeout(resolve, 20))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
