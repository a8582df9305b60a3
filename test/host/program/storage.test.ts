import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arm } from '../../../src/host/guard.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  becomes,
  confirmed,
  disk,
  kill,
  leftovers,
  over,
  persisted,
  rules,
  stateFile,
} from './steps.ts'

/** A small tmpfs over a folder, with what was in it, and full to the last byte or inode. */
async function fill(
  host: MiniHost,
  folder: string,
  how: 'bytes' | 'inodes' | 'read-only',
  left = 0,
): Promise<void> {
  await host.must(
    `cp -a ${folder} /kept; mount -t tmpfs -o mode=755,size=256k,nr_inodes=200 tmpfs ${folder}; cp -a /kept/. ${folder}`,
  )
  const fills = {
    bytes: `head -c 1000000 /dev/zero >${folder}/ballast 2>/dev/null; truncate -s -${left * 1024} ${folder}/ballast`,
    inodes: `mkdir ${folder}/ballast; i=0; while : >${folder}/ballast/$i; do i=$((i + 1)); done 2>/dev/null; rm -f ${folder}/ballast/[0-${left}]`,
    'read-only': `mount -o remount,ro ${folder}`,
  }
  await host.exec(fills[how])
}

describe('a file system that is full or read-only', () => {
  const faults = ['/run', '/var/lib/fleet', '/etc/iptables'].flatMap(folder =>
    (['bytes', 'inodes', 'read-only'] as const).map(how => [folder, how] as const),
  )
  it.each(faults)('%s (%s): refused, and nothing is changed or left', async (folder, how) => {
    const host = await aHost()
    await persisted(host, wanted())
    await host.must('rm -rf /run/fleet/txn/* /var/lib/fleet/txn/*')
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web)
    const before = [await rules(host), await disk(host)]
    await fill(host, folder, how)
    await expect(arm(session, transaction)).rejects.toMatchObject({
      code: 'host-storage',
      hostState: 'refused',
    })
    await session.close()
    expect(await rules(host)).toBe(before[0])
    await host.exec(`umount ${folder}`)
    expect(await disk(host)).toBe(before[1])
    expect(folder === '/run' ? [] : leftovers(host)).toEqual([])
    await persisted(host, web)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'never arms half a transaction when only %s inodes are left',
    async left => {
      const host = await aHost()
      await persisted(host, wanted())
      const session = await host.connect()
      const transaction = transactionTo(await look(session, web), web)
      const before = await rules(host)
      await fill(host, '/run', 'inodes', left)
      await expect(arm(session, transaction)).rejects.toMatchObject({ code: 'host-storage' })
      await session.close()
      expect(await rules(host)).toBe(before)
      expect(existsSync(join(host.root, 'run/fleet/lock')), 'no lock is left').toBe(false)
    },
  )

  it('refuses to observe where nothing can be written', async () => {
    const host = await aHost()
    await over(host, session => look(session, web))
    await fill(host, '/run', 'bytes')
    await expect(over(host, session => look(session, web))).rejects.toMatchObject({ code: 'host-storage' })
  })

  it('needs no new inode from armed to rolled back', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, web), web, { confirmTimeout: 1500 })
    await arm(session, transaction)
    for (const folder of ['/var/lib/fleet', '/etc/iptables'])
      await host.must(
        `mount -o remount,ro --bind ${folder} ${folder} 2>/dev/null || mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`,
      )
    // As many as are used, and none more.
    await host.must('mount -o remount,nr_inodes=$(($(stat -f -c %c-%d /run))) /run; ! mkdir /run/more')
    await session.close()
    await becomes(host, transaction, 'APPLIED')
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host)).toBe(before)
  })
})

describe('the folder of the plugins', () => {
  it('is named where it is read-only at a first contact, and nothing is changed or left', async () => {
    const host = await aHost()
    const plugins = '/usr/share/netfilter-persistent/plugins.d'
    await fill(host, plugins, 'read-only')
    await expect(armed(host, web)).rejects.toMatchObject({ code: 'host-storage', args: { place: plugins } })
    expect(leftovers(host)).toEqual([])
    await host.exec(`umount ${plugins}`)
    await persisted(host, web)
  })
})

describe('storage that fails between the confirmation and the disk', () => {
  it('is confirmed and not persisted, says why, and persists when it can', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const transaction = await applied(host, web)
    const before = await disk(host)
    await host.must('mount --bind /etc/iptables /etc/iptables && mount -o remount,ro,bind /etc/iptables')
    const answer = await confirmed(host, transaction)
    expect(answer).toMatchObject({ is: 'not persisted' })
    expect(JSON.stringify(answer)).toContain('could not be stored')
    expect(stateFile(host, transaction)).toMatch(/^CONFIRMED-/)
    expect(await rules(host), 'what was confirmed stays').toContain('--dport 443')
    expect(await disk(host)).toBe(before)
    await host.must('umount /etc/iptables')
    expect(await confirmed(host, transaction)).toEqual({ is: 'persisted', generation: 2, isInForce: true })
  })

  it('is superseded by the next change where it can never be persisted', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    const transaction = await applied(host, web)
    await host.must('rm -r /etc/iptables/fleet/staged-*')
    expect((await confirmed(host, transaction)).is).toBe('not persisted')
    await kill(host, transaction)
    const seen = await over(host, session => look(session, wanted()))
    expect(seen).toMatchObject({ asConfirmed: false, generation: { number: 1, whole: false } })
    expect(seen.generation.rules[4], 'what was confirmed is owned').toContain('--dport 443')
    await persisted(host, wanted())
    expect((await confirmed(host, transaction)).is, 'and never comes back').toBe('not persisted')
    expect(await rules(host)).not.toContain('--dport 443')
    expect((await over(host, session => look(session, wanted()))).asConfirmed).toBe(true)
    expect(await host.must('readlink /etc/iptables/fleet/current')).toBe('gen-000002\n')
  })

  it('is confirmed and not persisted where a boot would load something else', async () => {
    const host = await aHost()
    const transaction = await applied(host, web)
    await host.must(
      "sed -i 's/^load_rules()$/load_nothing()/; s/^    load_rules$/    false/' /usr/share/netfilter-persistent/plugins.d/25-ip6tables; rm /usr/sbin/run-parts 2>/dev/null || rm /usr/bin/run-parts",
    )
    const answer = await confirmed(host, transaction)
    expect(answer).toMatchObject({ is: 'not persisted' })
    expect(JSON.stringify(answer)).toContain('a boot would load something else')
    expect(await rules(host)).toContain('--dport 443')
  })
})
