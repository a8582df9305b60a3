import { once } from 'node:events'
import type { Lab } from '../../src/lab/lab.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { until } from '../integration/hosts/wait.ts'
import type { Attempt, Trial } from './trial.ts'

/*
 * What happens at a host's sshd while fleet is between `applied` and `confirmed`, and who else comes to that door.
 */

/** Somebody at the controller's address who isn't fleet: rules of the controller tell them apart by the user. */
const SOMEBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
const STRANGER = ['OUTPUT', '-m', 'owner', '--uid-owner', '65534', '-j', 'ACCEPT']

/** A change that is applied, and that fleet can't confirm before `reopen`, while strangers come through. */
export async function holdApplied(trial: Trial, name: string, seconds: number): Promise<Attempt> {
  await trial.lab.run(['iptables', '-I', ...STRANGER])
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([name], '--confirm-timeout', String(seconds))
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}

export const reopen = (trial: Trial, name: string) => allowConnections(trial.lab, name)

const CONF = '/etc/ssh/sshd_config.d/lab.conf'
const STOP = { systemd: 'systemctl stop ssh', light: 'kill "$(cat /run/sshd.pid)"' }
/** What it says goes where that of the first one went. */
const START = {
  systemd: 'systemctl start ssh',
  light: 'setsid /usr/sbin/sshd -D -e </dev/null >>/proc/1/fd/2 2>&1 &',
}
const LISTENS = 'ss -Hltn "sport = :22"'

/** The listener alone: sessions live on. */
export async function stopSshd(trial: Trial, name: string): Promise<void> {
  await trial.must(name, STOP[kindOf(trial, name)])
  await until(
    () => trial.must(name, LISTENS),
    lines => lines === '',
  )
}

export async function startSshd(trial: Trial, name: string): Promise<void> {
  await trial.must(name, START[kindOf(trial, name)])
  await listens(trial, name)
}

/** In both families. */
const listens = (trial: Trial, name: string) =>
  until(
    () => trial.must(name, LISTENS),
    lines => lines.split('\n').length > 2,
  )

/** The listener and all sessions, at once; it comes back as systemd brings it back. */
export async function killSshd(trial: Trial, name: string): Promise<void> {
  await trial.must(name, 'pkill -9 sshd')
  if (kindOf(trial, name) === 'light') await startSshd(trial, name)
}

export async function restartSshd(trial: Trial, name: string): Promise<void> {
  if (kindOf(trial, name) === 'systemd') {
    await trial.must(name, 'systemctl restart ssh')
    return
  }
  await stopSshd(trial, name)
  await startSshd(trial, name)
}

const kindOf = (trial: Trial, name: string) => (trial.host(name).systemd ? 'systemd' : 'light')

/** sshd with these lines before its own, and words about every connection. */
export async function configureSshd(trial: Trial, name: string, ...lines: readonly string[]): Promise<void> {
  await trial.must(name, `cat >${CONF}`, ['LogLevel VERBOSE', ...lines, ''].join('\n'))
  await restartSshd(trial, name)
}

/** How often sshd turned somebody away before he could log in. */
export async function turnedAway(trial: Trial, name: string): Promise<number> {
  return (await trial.host(name).sshdLog()).match(/drop connection #/g)?.length ?? 0
}

/** Waits until sshd has turned somebody away once more than `before`. */
export const turnsAway = (trial: Trial, name: string, before: number) =>
  until(
    () => turnedAway(trial, name),
    count => count > before,
  )

const SQUAT = `
while exec {door}<>"/dev/tcp/$1/22" && read -r line <&$door; do
  case $line in SSH-*) ;; *) break ;; esac
done
echo full
exec cat
`

/** Opens connections and never logs in, until sshd takes no more. Answers what gives them all up. */
export async function fillStartups(trial: Trial, name: string): Promise<() => Promise<void>> {
  const child = spawnStranger(trial.lab, ['bash', '-c', SQUAT, 'bash', trial.host(name).address4])
  if (child.stdout) await once(child.stdout, 'data')
  return async () => {
    child.kill()
    await once(child, 'close')
  }
}

const spawnStranger = (lab: Lab, argv: readonly string[]) =>
  lab.spawn([...SOMEBODY, ...argv], { stdio: ['pipe', 'pipe', 'ignore'] })

const FAIL_LOGIN = `
cd "$(mktemp -d)" || exit 1
ssh-keygen -q -t ed25519 -N '' -f key
ssh -F none -i key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$@" true 2>said
grep -q 'Permission denied' said && rm -r "$PWD"
`

/** Somebody at the controller's address is refused: OpenSSH 10 holds that against the address. */
export async function failLogin(trial: Trial, name: string): Promise<void> {
  const child = spawnStranger(trial.lab, ['sh', '-c', FAIL_LOGIN, 'sh', `root@${trial.host(name).address4}`])
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`nobody was refused by ${name}: ${code}`)
}
