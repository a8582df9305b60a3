import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type MiniHost, put } from '../host/program/mini-host.ts'

/* How near to its deadline a host decided, by its own clock. */

/** Milliseconds within which it was a race: the clock has hundredths of a second. */
const NEAR = 20

/** Where the host notes when a `confirm` began to look, in seconds of its uptime. */
const LOOKS = 'looks'

const looksOf = (host: MiniHost) => join(host.root, LOOKS)

/** From now on the host notes it: the lock that a `confirm` takes is the first thing that it does. */
export async function tellLooks(host: MiniHost): Promise<void> {
  const note = `[ "$*" != 7 ] || { read -r up _ </proc/uptime; echo "$up" >>/${LOOKS}; }`
  put(host, 'usr/local/sbin/flock', `#!/bin/dash\n${note}\nexec /usr/bin/flock "$@"\n`)
  await host.must('chmod 755 /usr/local/sbin/flock')
}

export const forgetLooks = (host: MiniHost) => rmSync(looksOf(host), { force: true })

/**
 * Confirmed shortly before the deadline, or too late: then the look at the rules began shortly after it, or before.
 * `deadline` is in milliseconds of the host's uptime.
 */
export function wasNear(host: MiniHost, nonce: string, deadline: number): boolean {
  const log = readFileSync(join(host.root, 'var/lib/fleet/txn', nonce, 'log'), 'utf8')
  const confirmed = /-> CONFIRMED-(\d+)/.exec(log)?.[1]
  if (confirmed !== undefined) return deadline - Number(confirmed) * 10 <= NEAR
  const looks = looksOf(host)
  return existsSync(looks) && Number(readFileSync(looks, 'utf8').split('\n')[0]) * 1000 - deadline <= NEAR
}
