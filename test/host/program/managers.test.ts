import { describe, expect, it } from 'vitest'
import { look, web } from './change.ts'
import type { HostKind, MiniHost } from './mini-host.ts'
import { aHost, over } from './steps.ts'

/* What a boot runs that changes rules, a step away from where it is named; and what only looks like it. */

const WANTS = '/etc/systemd/system/multi-user.target.wants'
const OPENS = '#!/bin/sh\niptables -P INPUT ACCEPT\niptables -F INPUT\n'
const unit = (...lines: readonly string[]) => `[Service]\nType=oneshot\n${lines.join('\n')}\n`

type File = readonly [path: string, text: string]

/** Who names it, the script, and what is in the script. */
const STEPS: readonly (readonly [caller: string, says: string, script: string, text: string])[] = [
  [
    `${WANTS}/firewall.service`,
    unit('ExecStart=/usr/local/sbin/firewall.sh'),
    '/usr/local/sbin/firewall.sh',
    OPENS,
  ],
  [`${WANTS}/quiet.service`, unit('ExecStart=-/root/wall start'), '/root/wall', OPENS],
  [`${WANTS}/sourced.service`, unit('ExecStart=/bin/bash -e /root/plain'), '/root/plain', 'iptables -F\n'],
  [
    `${WANTS}/long.service`,
    unit('ExecStart=/bin/sh -c \\', '  "exec /root/long"'),
    '/root/long',
    '#!/usr/bin/python3\nrun(["ip6tables", "-F"])\n',
  ],
  ['/etc/systemd/system/ssh.service.d/own.conf', unit('ExecStartPost=/opt/post'), '/opt/post', OPENS],
  [
    '/etc/rc.local',
    '#!/bin/sh\nrcwall.sh start\n',
    '/usr/local/sbin/rcwall.sh',
    '#!/bin/sh\nnft -f /etc/own.nft\n',
  ],
  [
    '/etc/cron.d/wall',
    '@reboot root /root/boot\n',
    '/root/boot',
    '#!/bin/sh\nIPT=/sbin/iptables\n$IPT -A INPUT -j ACCEPT\n',
  ],
  [
    '/etc/crontab',
    '*/5 * * * * root /root/often\n',
    '/root/often',
    '#!/bin/sh\nIPT="/sbin/iptables"\n$IPT -F\n',
  ],
  [
    '/etc/network/interfaces',
    'iface eth0 inet dhcp\n  post-up /root/up eth0\n',
    '/root/up',
    '#!/bin/sh\niptables-restore </root/rules\n',
  ],
  ['/etc/networkd-dispatcher/routable.d/50-wall', '#!/bin/sh\n. /root/lib\n', '/root/lib', 'ipset flush\n'],
]

/** Files that are scripts themselves. */
const CALLERS: readonly File[] = [
  ['/etc/NetworkManager/dispatcher.d/90-wall', OPENS],
  ['/etc/network/if-down.d/wall', OPENS],
  ['/etc/cron.daily/wall', OPENS],
  ['/var/lib/cloud/scripts/per-boot/wall', OPENS],
  ['/etc/cron.d/flushes', '*/5 * * * * root /sbin/iptables -F\n'],
  [`${WANTS}/spaced.service`, '[Service]\n ExecStart = -/sbin/iptables -N own\n'],
]

const INNOCENT: readonly File[] = [
  [`${WANTS}/asks.service`, unit('ExecStart=/root/asks')],
  [
    '/root/asks',
    '#!/bin/sh\n# iptables -F\ncommand -v iptables >/dev/null || exit\niptables -t nat -nvL | nft list ruleset; iptables -w 5 -S\n',
  ],
  [`${WANTS}/daemon.service`, unit('ExecStart=/usr/sbin/sshd -f /root/daemon.conf --pipe /root/pipe')],
  ['/root/daemon.conf', 'uses iptables -F\n'],
  // As wireguard's wg-quick does it.
  [`${WANTS}/wg-quick@wg0.service`, unit('ExecStart=/usr/bin/wg-quick up wg0')],
  ['/usr/bin/wg-quick', '#!/bin/bash\ncmd "$restore" -n; iptables-restore -n\n'],
  ['/var/lib/dpkg/info/wireguard-tools.list', '/.\n/usr/bin/wg-quick\n'],
  ['/etc/cron.d/bans', '*/5 * * * * root /root/bans\n'],
  [
    '/root/bans',
    '#!/bin/sh\niptables -F banned\niptables -A banned -s 192.0.2.1 -j DROP\nipset flush banned\n',
  ],
  [`${WANTS}/ufw.service`, unit('ExecStart=/root/asleep')],
  ['/root/asleep', OPENS],
  ['/etc/init.d/sleeping', OPENS],
  [`${WANTS}/masked.service`, unit('ExecStart=/sbin/iptables -F')],
  // As Debian's sshguard has it.
  ['/lib/systemd/system/sshguard.service', unit('ExecStartPre=-/usr/sbin/nft add table ip sshguard')],
  ['/var/lib/dpkg/info/sshguard.list', '/.\n/lib/systemd/system/sshguard.service\n'],
  // What cron doesn't run for its name.
  ['/etc/cron.d/wall.disabled', '@reboot root /root/asleep\n'],
  ['/etc/cron.weekly/wall.sh', OPENS],
  [`${WANTS}/backup.service`, unit('ExecStart=/root/backup')],
  ['/root/backup', '#!/bin/sh\ntar czf /root/backup.tgz /etc/iptables /etc/ssh\n'],
]
const LINKS = `ln -s /dev/null /etc/systemd/system/masked.service; ln -s /lib/systemd/system/sshguard.service ${WANTS}`

const put = async (host: MiniHost, files: readonly File[]) => {
  for (const [path, text] of files)
    await host.must(`mkdir -p "$(dirname ${path})" && cat >${path} && chmod 755 ${path}`, text)
}

const KINDS: readonly HostKind[] = [{ shell: 'dash' }, { shell: 'busybox' }, { shell: 'bash' }]

describe.each(KINDS)('what a boot runs ($shell)', kind => {
  it('is told with the file that names it, and nothing else is', async () => {
    const host = await aHost(kind)
    expect((await over(host, session => look(session, web))).managers, 'on a host as it came').toEqual([])
    await put(host, [
      ...STEPS.flatMap(([file, says, script, text]): File[] => [
        [file, says],
        [script, text],
      ]),
      ...CALLERS,
      ...INNOCENT,
    ])
    await host.must(`mkfifo /root/pipe; ${LINKS}`)
    const { managers } = await over(host, session => look(session, web))
    const steps = STEPS.map(([caller, , name]) => ({ name, caller }))
    const files = CALLERS.map(([name]) => ({ name }))
    const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
      one.name < other.name ? -1 : 1
    expect(managers.toSorted(byName)).toEqual([...steps, ...files].toSorted(byName))
  })

  it('is not looked for in a swap file, which may have no end of a line', async () => {
    const host = await aHost(kind)
    await put(host, [
      ['/etc/rc.local', '#!/bin/sh\nswapon /root/swapfile\n/root/wall\n'],
      ['/root/wall', OPENS],
      // Whoever reads it to its end comes to no end.
      ['/usr/local/sbin/awk', '#!/bin/sh\nexec timeout 10 /usr/bin/awk "$@"\n'],
    ])
    await host.must('truncate -s 1G /root/swapfile')
    const { managers } = await over(host, session => look(session, web))
    expect(managers).toEqual([{ name: '/root/wall', caller: '/etc/rc.local' }])
  })

  it('is a firewall of a package that is switched on, and not one that was removed or masked', async () => {
    const host = await aHost(kind)
    const seen = async () => (await over(host, session => look(session, web))).managers
    await put(host, [['/etc/init.d/ferm', OPENS]])
    await host.must(
      `mkdir -p ${WANTS} /etc/rc2.d; for name in firewalld uruk; do ln -s /lib/systemd/system/$name.service ${WANTS}; done;` +
        'chmod -x /etc/init.d/ferm; ln -s ../init.d/ferm /etc/rc2.d/S01ferm',
    )
    expect(await seen(), 'removed, and not purged').toEqual([])
    for (const name of ['firewalld', 'uruk'])
      await put(host, [[`/lib/systemd/system/${name}.service`, unit('ExecStart=/bin/true')]])
    await host.must(
      'chmod +x /etc/init.d/ferm; for name in ferm firewalld; do ln -s /dev/null /etc/systemd/system/$name.service; done',
    )
    expect(await seen(), 'masked, but for one').toEqual([{ name: 'uruk' }])
    await host.must('rm /etc/systemd/system/f*.service')
    expect(await seen()).toEqual([{ name: 'firewalld' }, { name: 'ferm' }, { name: 'uruk' }])
  })

  it('is a script of init where a link starts it, and systemd has no unit in its place', async () => {
    const host = await aHost(kind)
    await put(host, [
      ['/etc/init.d/oldwall', OPENS],
      ['/etc/init.d/other', '#!/bin/sh\ncase $1 in start) /root/other ;; esac\n'],
      ['/root/other', OPENS],
    ])
    const seen = async () => (await over(host, session => look(session, web))).managers
    await host.must('mkdir -p /etc/rc2.d /etc/rc3.d; ln -s ../init.d/oldwall /etc/rc3.d/K01oldwall')
    expect(await seen()).toEqual([])
    await host.must(
      'for level in 2 3; do ln -s ../init.d/oldwall /etc/rc$level.d/S02oldwall; done; ln -s ../init.d/other /etc/rc2.d/S02other',
    )
    expect(await seen()).toEqual([
      { name: '/etc/init.d/oldwall' },
      { name: '/root/other', caller: '/etc/init.d/other' },
    ])
    await host.must(
      'mkdir -p /run/systemd/system /etc/systemd/system; touch /etc/systemd/system/oldwall.service; ln -s /bin/true /usr/local/bin/systemd-run; ln -s /bin/true /usr/local/bin/systemctl',
    )
    expect(await seen()).toEqual([{ name: '/root/other', caller: '/etc/init.d/other' }])
  })
})
