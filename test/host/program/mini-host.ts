import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from '../../../src/session/session.ts'
import { persistentFiles } from './debian.ts'
import { openSession } from './fake-sshd.ts'

/** What kind of host: which iptables its alternatives choose, which shell /bin/sh is. */
export interface HostKind {
  readonly backend?: 'nft' | 'legacy'
  readonly shell?: 'dash' | 'busybox' | 'bash'
  /** Without iptables-persistent's files. */
  readonly bare?: boolean
}

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A host without sshd: namespaces of its own, and this machine's files under an overlay that dies with it. */
export interface MiniHost {
  /** Its pid 1 as this machine knows it, and its root from outside. */
  readonly pid: number
  readonly root: string
  /** A folder that both sides see: on the host it is /mnt. */
  readonly shared: string
  /** Runs shell text on the host, besides every session. */
  exec(script: string, stdin?: string): Promise<Result>
  /** The same, and an exit code other than 0 is an error. Answers stdout. */
  must(script: string, stdin?: string): Promise<string>
  /** `within`: what runs the session's process, and all that hangs from it. */
  connect(options?: {
    readonly from?: string
    readonly program?: string
    readonly within?: readonly string[]
  }): Promise<Session>
  stop(): Promise<void>
}

/**
 * Pid 1 of the host, in new namespaces. The upper folders are a tmpfs: an overlay over `/` can't have them on the
 * same file system. `/proc/self` is still this machine's at the start, so it tells the pid that others know it by.
 */
const BOOT = `
set -eu
read -r pid rest </proc/self/stat
mount -t tmpfs -o mode=755 tmpfs "$state/layers"
mkdir "$state/layers/upper" "$state/layers/work" "$state/layers/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$state/layers/upper,workdir=$state/layers/work" "$state/layers/root"
cd "$state/layers/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount --bind /dev dev
rm -rf var/lib/fleet etc/iptables usr/share/netfilter-persistent usr/sbin/netfilter-persistent
mkdir -p var/lib/fleet etc/iptables old
mount --bind "$state/shared" mnt
[ -z "$files" ] || cp -a "$files/." .
# As the package's own script leaves it.
[ -z "$files" ] || { mkdir -p etc/rcS.d; ln -sf ../init.d/netfilter-persistent etc/rcS.d/S01netfilter-persistent; }
for tool in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -sfn "/usr/sbin/xtables-$backend-multi" "usr/sbin/$tool"
done
cp "usr/bin/$shell" usr/bin/sh.new
mv usr/bin/sh.new usr/bin/sh
# This busybox takes its own run-parts for Debian's, and nothing would boot there.
[ "$shell" != busybox ] || sed -i '1s,/bin/sh,/bin/dash,' usr/sbin/netfilter-persistent
ip link set lo up
pivot_root . old
echo "$pid" >/mnt/pid
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /bin/dash -c 'umount -l /old; : >/mnt/up; while :; do sleep 1; done'
`

const APART = [
  '--net',
  '--mount',
  '--pid',
  '--uts',
  '--ipc',
  '--fork',
  '--kill-child',
  '--propagation',
  'private',
]

export async function startHost({
  backend = 'nft',
  shell = 'dash',
  bare = false,
}: HostKind = {}): Promise<MiniHost> {
  const state = mkdtempSync(join(tmpdir(), 'fleet-host-'))
  const shared = join(state, 'shared')
  mkdirSync(shared)
  mkdirSync(join(state, 'layers'))
  const files = bare ? '' : persistentFiles()
  const env = { PATH: process.env.PATH, state, files, backend, shell }
  const init = spawn('unshare', [...APART, 'sh', '-c', BOOT], { stdio: ['ignore', 'ignore', 'pipe'], env })
  let errors = ''
  init.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = new Promise<void>(resolve => init.once('exit', () => resolve()))
  while (!existsSync(join(shared, 'up'))) {
    if (init.exitCode !== null) throw new Error(`the host ended: ${errors}`)
    await pause(5)
  }
  const pid = Number(readFileSync(join(shared, 'pid'), 'utf8'))
  const enter = ['nsenter', '-t', String(pid), '-n', '-m', '-p', '-u', '-r', '-w'] as const
  const exec = (script: string, stdin = '') => runIn([...enter, '/bin/sh', '-c', script], stdin)
  return {
    pid,
    root: `/proc/${pid}/root`,
    shared,
    exec,
    async must(script, stdin) {
      const { code, stdout, stderr } = await exec(script, stdin)
      if (code !== 0) throw new Error(`${script}: ${code} ${stderr}`)
      return stdout
    },
    connect: ({ within = [], ...options } = {}) =>
      openSession({ enter: [...enter, ...within], shared, ...options }),
    async stop() {
      init.kill('SIGKILL')
      await ended
      rmSync(state, { recursive: true, force: true })
    },
  }
}

const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

function runIn([command = '', ...args]: readonly string[], stdin: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: ENV })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] += text
      })
    child.once('error', reject).once('close', code => resolve({ code, ...out }))
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
  })
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** Waits until something holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limit = 20_000,
): Promise<void> {
  const end = performance.now() + limit
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`)
    await pause(10)
  }
}

export const listed = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : [])

export const put = (host: MiniHost, path: string, text: string) => writeFileSync(join(host.root, path), text)
