import { describe, expect, it } from 'vitest'
import { look, wanted, web } from './change.ts'
import type { MiniHost } from './mini-host.ts'
import { removing, ruledHost } from './removing.ts'
import { aHost, applied, confirmed, over, persisted } from './steps.ts'

/* Without systemd it is the links of the runlevels that say whether a boot loads anything. */

const DISABLE = 'update-rc.d netfilter-persistent disable'
const links = (host: MiniHost) => host.must('cd /etc; ls rcS.d | grep netfilter || true')
const isEnabled = async (host: MiniHost) =>
  (await over(host, session => look(session, web))).generation.enabled

describe('a boot without systemd', () => {
  it('loads nothing where the script of init is disabled: that is seen, and mended with the next change', async () => {
    const host = await aHost()
    await persisted(host, web)
    expect(await isEnabled(host)).toBe(true)
    for (const off of [DISABLE, 'update-rc.d -f netfilter-persistent remove']) {
      await host.must(off)
      expect([off, await isEnabled(host)]).toEqual([off, false])
      await persisted(host, off === DISABLE ? wanted() : web)
      expect([off, await isEnabled(host)]).toEqual([off, true])
      expect(await links(host)).toBe('S01netfilter-persistent\n')
    }
  })

  it('is said not to load them where the script can not be enabled', async () => {
    const host = await aHost()
    await host.must(`${DISABLE}; ln -s /bin/false /usr/local/sbin/update-rc.d`)
    const transaction = await applied(host, web)
    expect((await confirmed(host, transaction)).is).toBe('not persisted')
    await host.must('rm /usr/local/sbin/update-rc.d')
    expect((await confirmed(host, transaction)).is).toBe('persisted')
  })

  it('loads nothing after a removal where it loaded nothing before', async () => {
    const host = await ruledHost()
    await host.must(DISABLE)
    await persisted(host, web)
    expect(await links(host)).toBe('S01netfilter-persistent\n')
    expect((await confirmed(host, await removing(host))).is).toBe('persisted')
    expect(await links(host)).toBe('K01netfilter-persistent\n')
  })

  it('is left to whoever starts the programs where there are no runlevels', async () => {
    const host = await aHost()
    await host.must('rm -r /etc/rc?.d; ln -s /bin/false /usr/local/sbin/update-rc.d')
    await persisted(host, web)
    expect(await isEnabled(host)).toBe(true)
  })
})
