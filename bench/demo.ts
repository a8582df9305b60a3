import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/*
 * The main job, for real: a new inventory applied to a small lab, a change that would lock the operator out and rolls
 * itself back, an emergency block of somebody on the internet. Exits 1 if anything ends otherwise than it says.
 */

const FLEET = resolve('dist/main.js')
const ATTACKER = '203.0.113.9'
const folder = mkdtempSync(join(tmpdir(), 'fleet-demo-'))

function main(): void {
  try {
    title('Three servers and an attacker start, each in a network namespace')
    write(
      'inventory.ini',
      '[web]\nweb1 ansible_host=192.0.2.11\nweb2 ansible_host=192.0.2.12\n\n[db]\ndb1 ansible_host=192.0.2.21\n\n[servers:children]\nweb\ndb\n',
    )
    write('group_vars/web.yml', 'http_from: anywhere\n')
    write('group_vars/db.yml', 'db_from: [group:web]\n')
    write('internet.ini', `attacker ansible_host=${ATTACKER}\n`)
    fleet(['lab', 'up', 'inventory.ini', 'internet.ini'], 0)

    title('1. A new inventory is applied')
    inLab(['fleet', 'plan', 'inventory.ini'], 2)
    inLab(['fleet', 'apply', 'inventory.ini'], 0)
    rulesOf('web1', 'db1')
    title('... and once more: nothing to do')
    inLab(['fleet', 'apply', 'inventory.ini'], 0)

    title('2. A change that would lock you out: SSH only from an address that is not yours')
    write('group_vars/all.yml', 'ssh_from: [203.0.113.77]\n')
    inLab(['fleet', 'apply', 'inventory.ini'], 3)
    title('... forced in spite of the check: every host rolls back by itself')
    inLab(['fleet', 'apply', 'inventory.ini', '--accept-lockout-risk', 'all', '--confirm-timeout', '5'], 3)
    title('... and can be reached as before')
    write('group_vars/all.yml', '# SSH from anywhere, as before\n')
    inLab(['fleet', 'apply', 'inventory.ini'], 0)

    title('3. An attacker is blocked on every server')
    fromFarAway()
    knock('web1', true)
    inLab(
      ['fleet', 'block', ATTACKER, '--for', '24h', '--reason', 'guesses passwords', '-i', 'inventory.ini'],
      0,
    )
    title('... whose packets are dropped now, on each of them')
    for (const host of ['web1', 'db1']) knock(host, false)
    inLab(['fleet', 'blocks', 'inventory.ini'], 0)
    title('... and is let in again')
    inLab(['fleet', 'unblock', ATTACKER, '-i', 'inventory.ini'], 0)
    knock('web1', true)
    say('\nThe demo ended as it should.')
  } finally {
    title('The lab ends')
    run([FLEET, 'lab', 'down'])
    rmSync(folder, { recursive: true, force: true })
  }
}

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
  say(`\n$ cat ${name}\n${text.trimEnd()}`)
}

const title = (text: string) => say(`\n\u001b[1m== ${text}\u001b[0m`)
const say = (text: string) => process.stdout.write(`${text}\n`)

function run(argv: readonly string[]): number | null {
  return spawnSync(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }).status
}

function fleet(args: readonly string[], expected: number): void {
  say(`\n$ fleet ${args.join(' ')}`)
  const code = run([FLEET, ...args])
  if (code !== expected) throw new Error(`fleet ${args.join(' ')} ended with ${code}, not with ${expected}`)
  if (code !== 0) say(`(exit ${code})`)
}

function inLab(command: readonly string[], expected: number): void {
  say(`\n$ ${command.join(' ')}`)
  const code = run([FLEET, 'lab', 'run', '--', ...command])
  if (code !== expected) throw new Error(`${command.join(' ')} ended with ${code}, not with ${expected}`)
  if (code !== 0) say(`(exit ${code})`)
}

/** What the hosts' own iptables say. */
function rulesOf(...hosts: readonly string[]): void {
  for (const host of hosts) {
    say(`\n$ ssh root@${host} iptables -S INPUT`)
    on(host, 'iptables -S INPUT')
  }
}

/** The attacker's packets come by way of a router (the controller is one here) instead of over the same cable. */
function fromFarAway(): void {
  run([
    FLEET,
    'lab',
    'run',
    '--',
    'sysctl',
    '-qw',
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.all.send_redirects=0',
  ])
  on('attacker', `ip route replace default via 10.90.0.1 src ${ATTACKER}`)
}

const ADDRESSES: Readonly<Record<string, string>> = { web1: '192.0.2.11', db1: '192.0.2.21' }

/** Whether sshd's greeting gets through to the attacker. */
function knock(host: string, answers: boolean): void {
  say(`\nattacker$ head -c 7 </dev/tcp/${ADDRESSES[host]}/22`)
  const greeting = `timeout 2 bash -c 'head -c 7 </dev/tcp/${ADDRESSES[host]}/22'`
  const heard = on('attacker', `${greeting} && echo || { echo '(no answer)'; exit 9; }`) === 0
  if (heard !== answers) throw new Error(`${host} ${heard ? 'still answers' : "doesn't answer"}`)
}

const OPTIONS = ['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR']

function on(host: string, command: string): number | null {
  const script = `ssh -i "$FLEET_LAB/id_ed25519" -o UserKnownHostsFile="$FLEET_LAB/known_hosts" ${OPTIONS.join(' ')} root@${host} "$@"`
  return run([FLEET, 'lab', 'run', '--', 'sh', '-c', script, 'sh', command])
}

main()
