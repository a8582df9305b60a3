import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import {
  type Armed,
  arm,
  awaitApplied,
  type Confirmation,
  confirm,
  type GuardState,
  readState,
  type Transaction,
} from '../../../src/host/guard.ts'
import { look, transactionTo, type Wanted } from './change.ts'
import { type HostKind, listed, type MiniHost, put, startHost, until } from './mini-host.ts'

const running: MiniHost[] = []
afterEach(async () => {
  for (const host of running.splice(0)) await host.stop()
})

/** A host for one test; gone after it. */
export async function aHost(kind?: HostKind): Promise<MiniHost> {
  const host = await startHost(kind)
  running.push(host)
  return host
}

/** Observes, plans and arms over one session, and closes it: the guard may go. */
export async function armed(
  host: MiniHost,
  want: Wanted,
  more?: Partial<Transaction>,
): Promise<Transaction & { readonly answer: Armed }> {
  const session = await host.connect()
  try {
    const transaction = transactionTo(await look(session, want), want, more)
    return { ...transaction, answer: await arm(session, transaction) }
  } finally {
    await session.close()
  }
}

/** ... and sees the rules in force. */
export async function applied(
  host: MiniHost,
  want: Wanted,
  more?: Partial<Transaction>,
): Promise<Transaction> {
  const transaction = await armed(host, want, more)
  const state = await over(host, session => awaitApplied(session, transaction.nonce))
  expect(state.name).toBe('APPLIED')
  return transaction
}

/** ... and confirms them. */
export async function persisted(
  host: MiniHost,
  want: Wanted,
  more?: Partial<Transaction>,
): Promise<Transaction> {
  const transaction = await applied(host, want, more)
  expect(await confirmed(host, transaction)).toEqual({
    is: 'persisted',
    generation: transaction.generation,
    isInForce: true,
  })
  return transaction
}

export const confirmed = (host: MiniHost, { nonce }: Transaction): Promise<Confirmation> =>
  over(host, async session => confirm(session, nonce, await bootId(host)))

export async function over<T>(
  host: MiniHost,
  ask: (session: Awaited<ReturnType<MiniHost['connect']>>) => Promise<T>,
): Promise<T> {
  const session = await host.connect()
  try {
    return await ask(session)
  } finally {
    await session.close()
  }
}

export const stateOf = (host: MiniHost, { nonce }: Pick<Transaction, 'nonce'>): Promise<GuardState> =>
  over(host, session => readState(session, nonce))

/** The name of the state file. */
export const stateFile = (host: MiniHost, { nonce }: Pick<Transaction, 'nonce'>): string | undefined =>
  listed(join(host.root, 'run/fleet/txn', nonce, 'state'))[0]

export const becomes = (host: MiniHost, transaction: Pick<Transaction, 'nonce'>, state: string) =>
  until(
    () => stateFile(host, transaction)?.startsWith(state) === true,
    `${state}, not ${stateFile(host, transaction)}`,
  )

export const bootId = async (host: MiniHost) =>
  (await host.must('cat /proc/sys/kernel/random/boot_id')).trim()

/** Both families as the host saves them, without comments and counters. */
export async function rules(host: MiniHost): Promise<string> {
  const text = await host.must('iptables-save && ip6tables-save')
  return text.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')
}

/** What boots: each path of /etc/iptables and of the plugins with its content. */
export const disk = (host: MiniHost): Promise<string> =>
  host.must(
    'cd / && find etc/iptables usr/share/netfilter-persistent | sort | while read -r path; do ' +
      'if [ -L "$path" ]; then echo "$path -> $(readlink "$path")"; elif [ -f "$path" ]; then sha256sum "$path"; else echo "$path/"; fi; done',
  )

/** The guard's process on the host, by the pid that the host knows it by. */
export const guardOf = (host: MiniHost, { nonce }: Pick<Transaction, 'nonce'>): string | undefined =>
  processOf(host, words => words.includes(`\0guard\0${nonce}\0`) && !words.includes('\0-c\0'))

/** The process that starts it again. */
const keeperOf = (host: MiniHost, { nonce }: Pick<Transaction, 'nonce'>): string | undefined =>
  processOf(host, words => words.includes(`\0guard\0${nonce}\0`) && words.includes('\0-c\0'))

function processOf(host: MiniHost, is: (words: string) => boolean): string | undefined {
  const proc = join(host.root, 'proc')
  return readdirSync(proc).find(pid => /^\d+$/.test(pid) && is(commandOf(proc, pid)))
}

function commandOf(proc: string, pid: string): string {
  try {
    return readFileSync(join(proc, pid, 'cmdline'), 'utf8')
  } catch {
    return ''
  }
}

export async function kill(host: MiniHost, transaction: Pick<Transaction, 'nonce'>, signal = 'KILL') {
  const keeper = signal === 'KILL' ? keeperOf(host, transaction) : undefined
  await host.must(`kill -s ${signal} ${keeper ?? ''} ${guardOf(host, transaction)}`)
  if (signal === 'KILL') await until(() => !guardOf(host, transaction), 'the guard to be gone')
}

/** What systemd does: the same command once more. */
export const restart = (host: MiniHost, { nonce }: Pick<Transaction, 'nonce'>) =>
  host.must(`setsid /bin/sh /var/lib/fleet/host-*.sh '' guard ${nonce} none 0 </dev/null >/dev/null 2>&1 &`)

/** A lock left, a guard left, a file of a transaction left: none of it may be there after a refusal. */
export function leftovers(host: MiniHost): string[] {
  const run = join(host.root, 'run/fleet')
  return [
    ...listed(run).filter(name => !['txn', 'arming', 'life'].includes(name)),
    ...listed(join(run, 'txn')),
    ...listed(join(host.root, 'var/lib/fleet/txn')),
    ...listed(join(host.root, 'etc/iptables/fleet')).filter(name => name.startsWith('staged')),
  ]
}

/** From the moment that the guard has applied IPv4, a tool does something else, once. */
export async function breakAfterRehearsal(host: MiniHost, tool: string, instead: string) {
  put(
    host,
    `usr/local/sbin/${tool}`,
    `#!/bin/dash\ncase "$*" in *'-w 5'*) ${instead} ;; esac\nexec /usr/sbin/${tool} "$@"\n`,
  )
  await host.must(`chmod 755 /usr/local/sbin/${tool}`)
}
