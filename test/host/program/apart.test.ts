import { afterEach, describe, expect, it } from 'vitest'
import { sendBlocks } from '../../../src/host/block.ts'
import { arm } from '../../../src/host/guard.ts'
import { FleetError } from '../../../src/model/error.ts'
import type { Session } from '../../../src/session/session.ts'
import { order, word } from '../block/blocking.ts'
import { look, transactionTo, web } from './change.ts'
import type { HostKind, MiniHost } from './mini-host.ts'
import { aHost, leftovers, rules } from './steps.ts'

/* systemd starts the guard where the first process is, and so does a boot load rules: a session must be there as well. */

const open: Session[] = []
afterEach(async () => {
  for (const session of open.splice(0)) await session.close()
})

async function connect(host: MiniHost, ...within: readonly string[]): Promise<Session> {
  const session = await host.connect({ within })
  open.push(session)
  return session
}

/** A host that looks as if systemd ran it. */
async function withSystemd(kind?: HostKind): Promise<MiniHost> {
  const host = await aHost(kind)
  await host.must(`mkdir -p /run/systemd/system
for tool in systemctl systemd-run; do printf '#!/bin/sh\\nexit 1\\n' >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`)
  return host
}

const NET = ['unshare', '--net']
const FILES = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /var/lib && exec "$@"', 'sh']

/** Why the host refuses. */
const whyNot = (answer: Promise<unknown>) =>
  answer.then(
    () => 'nothing',
    (error: unknown) => {
      if (!(error instanceof FleetError)) throw error
      return `${String(error.args.why)} ${String(error.args.detail)}`
    },
  )

describe('a session elsewhere than the first process', () => {
  it.each(['dash', 'busybox', 'bash'] as const)('is told from one that is there (%s)', async shell => {
    const host = await withSystemd({ shell })
    const seen = await look(await connect(host), web)
    expect(seen.apart).toBeUndefined()
    const transaction = transactionTo(seen, web)
    // It goes on to systemd-run, which there is none of.
    expect(await whyNot(arm(await connect(host), transaction))).toMatch(/^systemd-run/)

    const before = await rules(host)
    expect((await look(await connect(host, ...NET), web)).apart).toBe('net')
    expect(await whyNot(arm(await connect(host, ...NET), transaction))).toBe('apart net')
    expect((await look(await connect(host, ...FILES), web)).apart).toBe('/var/lib')
    expect(await rules(host)).toBe(before)
    expect(leftovers(host), 'of any of them').toEqual([])
  })

  it('refuses to block: what takes a block back would be elsewhere as well', async () => {
    const host = await withSystemd()
    const blocked = sendBlocks(await connect(host, ...NET), order([word('203.0.113.9')]))
    expect(await whyNot(blocked)).toBe('apart net')
  })

  it('makes no difference without systemd: the guard is a child of the session', async () => {
    const host = await aHost()
    expect((await look(await connect(host, ...NET), web)).apart).toBeUndefined()
  })

  it('makes none where the first process may not be looked at', async () => {
    const host = await withSystemd()
    const blind = ['unshare', '--net', 'sh', '-c', 'mount -t tmpfs tmpfs /proc/1 && exec "$@"', 'sh']
    const seen = await look(await connect(host, 'unshare', '--mount', ...blind), web)
    expect(seen.apart).toBeUndefined()
  })
})
