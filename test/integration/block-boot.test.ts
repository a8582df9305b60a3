import { describe, expect, it } from 'vitest'
import type { LabHost } from '../../src/lab/host.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'
import { until } from './hosts/wait.ts'

/* Blocks on real Debian hosts with systemd: through boots, power loss in the middle, and what runs once a day. */

const lab = useTestLab(
  'block-boot',
  ['boots', 'off', 'early', 'cable', 'daily'].map(name => ({ name, systemd: true })),
  { packages: true, aptLists: true },
)
const host = (name: string) => lab().host(name)

async function must(on: LabHost, command: string): Promise<string> {
  const { code, stdout, stderr } = await on.exec(command)
  if (code !== 0) throw new Error(`${on.name}: ${command}: ${code} ${stderr}`)
  return stdout
}

/** The jumps of both families, and what the sets hold. */
async function standing(on: LabHost): Promise<string> {
  const saved = await must(
    on,
    "for save in iptables-save ip6tables-save; do $save -t raw | grep -e '-j FLEET-BLOCK'; done; ipset save | grep '^add fleet-block'",
  )
  return saved.replaceAll(/ timeout [1-9]\d*/g, ' for a while')
}

const JUMPS = '-A PREROUTING -j FLEET-BLOCK\n-A OUTPUT -j FLEET-BLOCK\n'.repeat(2)
const added = (...entries: readonly string[]) => entries.map(entry => `add fleet-block4 ${entry}\n`).join('')
const TIMED = JUMPS + added('203.0.113.9 for a while')

describe.concurrent('a block on a host with systemd', () => {
  it('is there after a boot, before anybody can log in, and its time goes on', async () => {
    const at = await makeSite(lab(), ['boots'])
    expect(await at.fleet('block', '203.0.113.9', '--for', '24h')).toMatchObject({ code: 0 })
    expect(await must(host('boots'), 'systemctl is-active fleet-block.timer')).toBe('active\n')
    expect(await standing(host('boots'))).toBe(TIMED)
    await host('boots').unplug()
    await host('boots').boot()
    expect(await standing(host('boots'))).toBe(TIMED)
    const left = /timeout (\d+)/.exec(await must(host('boots'), 'ipset save fleet-block4'))
    expect(Number(left?.[1])).toBeLessThan(86_400)
    expect(await must(host('boots'), 'systemctl is-active fleet-block.timer')).toBe('active\n')
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
  })

  it('that the power leaves at any point is finished by the next one', async () => {
    const at = await makeSite(lab(), ['off'])
    const moments = [
      'iptables-save -t raw | grep -q FLEET-BLOCK',
      '[ -e /etc/iptables/fleet/blocks/map ]',
      '[ -x /usr/share/netfilter-persistent/plugins.d/11-fleet-block ]',
    ]
    for (const moment of moments) {
      const running = at.fleet('block', '203.0.113.9', '--for', '24h', '--give-up-after', '0')
      await until(
        () => host('off').exec(moment),
        ({ code }) => code === 0,
      )
      await host('off').unplug()
      await running
      await host('off').boot()
    }
    expect(await at.fleet('block', '203.0.113.9', '--for', '24h')).toMatchObject({ code: 0 })
    await host('off').unplug()
    await host('off').boot()
    expect(await standing(host('off'))).toBe(TIMED)
  })

  it('that is booted before its packages are there is not said to be there, but sent again', async () => {
    const at = await makeSite(lab(), ['early'])
    const running = at.start('block', '203.0.113.9', '--for', '24h')
    await running.until(event => JSON.stringify(event).includes('"block-installing","host":"early"'))
    await host('early').unplug()
    await host('early').boot()
    const { code, stdout } = await running.end()
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(await standing(host('early'))).toBe(TIMED)
  })

  it('is taken out by the host that hears nothing more, and by nobody else', async () => {
    const at = await makeSite(lab(), ['cable'])
    await must(host('cable'), 'apt-get -qq -y install ipset iptables >/dev/null')
    // Time to pull the cable between the hook and its word.
    await must(
      host('cable'),
      'printf \'#!/bin/sh\\n/usr/sbin/ip6tables-restore "$@" && sleep 3\\n\' >/usr/local/sbin/ip6tables-restore; chmod 755 /usr/local/sbin/ip6tables-restore',
    )
    const running = at.fleet('block', '203.0.113.9', '--give-up-after', '0')
    const jumps = () => host('cable').exec('iptables-save -t raw | grep -e "-j FLEET-BLOCK"')
    await until(jumps, ({ code }) => code === 0)
    await host('cable').cut()
    await until(jumps, ({ code }) => code !== 0)
    await host('cable').mend()
    await must(host('cable'), 'rm /usr/local/sbin/ip6tables-restore')
    expect((await running).code).not.toBe(0)
    expect(await at.fleet('block', '203.0.113.9')).toMatchObject({ code: 0 })
    expect(await standing(host('cable'))).toBe(JUMPS + added('203.0.113.9 timeout 0'))
  })

  it('is put right once a day, for as long as it is to last', async () => {
    const at = await makeSite(lab(), ['daily'])
    expect(await at.fleet('block', '203.0.113.9', '--for', '60d')).toMatchObject({ code: 0 })
    await must(
      host('daily'),
      'ipset add fleet-block4 203.0.113.9 timeout 9 -exist; iptables -t raw -D OUTPUT -j FLEET-BLOCK; ' +
        "sed -i '$ a 203.0.113.99 both 1 1 blocked' /etc/iptables/fleet/blocks/map; systemctl start fleet-block.service",
    )
    expect(await standing(host('daily'))).toBe(TIMED)
    expect(await must(host('daily'), 'ipset save fleet-block4')).toMatch(/timeout 21474\d\d\n/)
    expect(await must(host('daily'), 'cat /etc/iptables/fleet/blocks/map')).not.toContain('203.0.113.99')
  })
})
