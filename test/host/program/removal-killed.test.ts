import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readStatus } from '../../../src/host/status.ts'
import { web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import { boot, forgotten, removing, ruledHost, traces } from './removing.ts'
import { aHost, confirmed, disk, kill, over, persisted } from './steps.ts'

describe('a removal that dies in the middle of what follows the confirmation', () => {
  const TOOLS = ['mv', 'rm', 'cp', 'ln', 'sync', 'cmp', 'readlink', 'unshare']

  /** From its Nth call of a tool on, what persists is dead. */
  const dieAt = (host: MiniHost, at: number) =>
    host.must(
      `echo ${at} >/left; for tool in ${TOOLS.join(' ')}; do printf '#!/bin/dash\\nread -r left </left\\necho $((left - 1)) >/left\\n[ "$left" -ne 1 ] || { kill -9 $PPID; exit 1; }\\nexec /usr/bin/%s "$@"\\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool; done`,
    )
  const live = (host: MiniHost) => host.must(`cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')}`)

  it('boots the last generation or what stood before, at every step, and can be finished', {
    timeout: 600_000,
  }, async () => {
    const host = await ruledHost()
    const files = await disk(host)
    const before = await boot(host)
    let [died, at] = [true, 0]
    const booted = new Set<string>()
    while (died) {
      at += 1
      await persisted(host, web)
      const fleets = await boot(host)
      const transaction = await removing(host)
      await kill(host, transaction)
      await dieAt(host, at)
      died = await confirmed(host, transaction).then(
        () => false,
        () => true,
      )
      await live(host)
      const now = await boot(host)
      expect([fleets, before], `dead at call ${at}`).toContain(now)
      expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).not.toContain('fleet:')
      booted.add(now === before ? 'before' : "fleet's")
      expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 0, isInForce: true })
      await forgotten(host, transaction)
      expect(await disk(host)).toBe(files)
      expect(traces(host)).toEqual([])
    }
    expect([...booted]).toEqual(["fleet's", 'before'])
    expect(at).toBeGreaterThan(7)
  })

  it('and with the power gone, is begun and finished again by the next one', async () => {
    const host = await ruledHost()
    const files = await disk(host)
    await persisted(host, web)
    const first = await removing(host)
    await kill(host, first)
    await dieAt(host, 3)
    await confirmed(host, first).catch(() => undefined)
    await live(host)
    await host.must('rm -rf /run/fleet; netfilter-persistent flush; netfilter-persistent start')
    expect(await over(host, readStatus)).toMatchObject({ isTouched: true, generation: undefined })
    const again = await removing(host)
    expect(await confirmed(host, again)).toEqual({ is: 'persisted', generation: 0, isInForce: true })
    await forgotten(host, again)
    expect(await disk(host)).toBe(files)
    expect(traces(host)).toEqual([])
  })

  it('is forgotten also where who persisted it died before it let go of the host', async () => {
    const host = await aHost()
    await persisted(host, web)
    const transaction = await removing(host)
    await confirmed(host, transaction)
    const { nonce } = transaction
    await host.must(`mkdir /run/fleet/lock; ln -s /var/lib/fleet/txn/${nonce}/meta /run/fleet/lock/owner`)
    await forgotten(host, transaction)
    expect(traces(host)).toEqual([])
  })

  it('is forgotten also where somebody died while it armed another change', async () => {
    const host = await aHost()
    await persisted(host, web)
    const transaction = await removing(host)
    await confirmed(host, transaction)
    await host.must('mkdir /run/fleet/lock')
    await forgotten(host, transaction)
    expect(traces(host)).toEqual([])
  })
})
