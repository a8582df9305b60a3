import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import { aHost, persisted } from './steps.ts'

/* What a boot that is loud writes into the kernel's log: a console shows it, whatever becomes of the unit's own. */

/** A /dev of the host's own, whose kernel log is a file: the one that is there is this machine's. */
const OWN_DEV = `
mkdir /tmp/dev
mount -t tmpfs tmpfs /tmp/dev
for one in null zero full random urandom tty; do cp -a /dev/$one /tmp/dev; done
: >/tmp/dev/kmsg
mount --bind /tmp/dev /dev
`

async function withOwnLog(): Promise<MiniHost> {
  const host = await aHost()
  await host.must(OWN_DEV)
  await persisted(host, web)
  return host
}

/** What a boot writes there. */
async function bootLog(host: MiniHost): Promise<string> {
  await host.must('unshare -n netfilter-persistent start >/tmp/boot 2>&1 || true')
  return readFileSync(join(host.root, 'dev/kmsg'), 'utf8')
}

describe("the kernel's log, at a boot", () => {
  it('hears of nothing where the rules are those that were confirmed', async () => {
    expect(await bootLog(await withOwnLog())).toBe('')
  })

  it.each([
    [
      'the generation cannot be loaded',
      'rm -r /var/lib/fleet/txn; echo garbage >current/rules.v4',
      'the rules loaded at boot are not those of generation 1',
    ],
    ['the generation is not found', 'rm current', 'the generation that is to boot is not to be found'],
  ])('hears, as critical, that %s', async (_, how, words) => {
    const host = await withOwnLog()
    await host.must(`cd /etc/iptables/fleet && ${how}`)
    expect(await bootLog(host)).toBe(`<2>fleet: ${words}\n`)
  })

  it('is done without where it cannot be written to: the unit fails and says the same', async () => {
    const host = await withOwnLog()
    await host.must('rm /etc/iptables/fleet/current /dev/kmsg; mkdir /dev/kmsg')
    const { code, stderr } = await host.exec(
      'unshare -n /usr/share/netfilter-persistent/plugins.d/30-fleet start',
    )
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^fleet: the generation that is to boot is not to be found\n$/),
    })
  })
})
