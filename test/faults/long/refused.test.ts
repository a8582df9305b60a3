import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import type { Running } from '../../integration/hosts/site.ts'
import { useTrial } from '../trial.ts'
import { startWindow } from '../window.ts'

/*
 * What fleet wouldn't see, would take for something else, or would fight with: the host is refused with a reason and a
 * way out, and stays as it is; once that is gone, the very same apply goes through.
 */

const RELEASES = ['bullseye', 'bookworm', 'trixie']
const trial = useTrial(
  'refused',
  [
    'nft',
    'legacy',
    'boot',
    'step',
    'others',
    'within',
    'stuck',
    ...RELEASES.map(root => ({ name: root, root })),
  ],
  { untouched: ['legacy'] },
)

/** Everything that nft, both iptables and the disk have, to the byte. */
const all = (name: string) =>
  trial
    .must(
      name,
      'nft -s list ruleset; iptables-legacy-save; ip6tables-legacy-save; cd /etc/iptables 2>/dev/null || exit 0;' +
        'find . -type l -exec readlink {} +; find . -type f | sort | xargs sha256sum',
    )
    .then(text => text.replaceAll(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, ''))

const refusal = ({ events }: Running) => JSON.stringify(events.filter(event => isRefusal(event)))
const isRefusal = (event: Event) => event.type === 'host-settled' && event.state === 'refused'

/** The apply is refused for this reason, and these words are in it; nothing on the host is another. */
async function isRefused(name: string, code: string, words: readonly string[]): Promise<void> {
  const before = await all(name)
  const attempt = await trial.begin([name])
  await trial.says(attempt, 3, { [name]: `refused: ${code}` })
  for (const word of words) expect(refusal(attempt.running)).toContain(word)
  expect(await all(name)).toBe(before)
}

describe.concurrent('both kinds of iptables in use', () => {
  it('by rules of legacy beside nft', async () => {
    await trial.must('nft', 'ip6tables-legacy -A OUTPUT -d 2001:db8::1 -j DROP')
    await isRefused('nft', 'both-backends', ['legacy'])
    await trial.must('nft', 'ip6tables-legacy -F OUTPUT')
    await trial.ends(await trial.begin(['nft']), 0, { nft: 'persisted' })
  })

  it('by rules of nft beside legacy, also such as iptables can not print', async () => {
    await trial.must(
      'legacy',
      'for name in iptables ip6tables; do update-alternatives --set $name /usr/sbin/$name-legacy; done',
    )
    for (const rule of ['tcp dport 99 ct count 3 accept', 'ip dscp 5 drop']) {
      await trial.must(
        'legacy',
        `iptables-nft -P INPUT ACCEPT; iptables-nft -F INPUT; nft add rule ip filter INPUT ${rule}`,
      )
      await isRefused('legacy', 'both-backends', ['nft'])
    }
    await trial.must('legacy', 'iptables-nft -F INPUT')
    await trial.says(await trial.begin(['legacy']), 0, { legacy: 'persisted' })
  })
})

/** Rules of nft that iptables-save prints as something broader without a word, and the chains that they stand in. */
const BROADER = {
  'ip filter INPUT': 'ip saddr { 192.0.2.1, 192.0.2.2 } drop',
  'ip6 filter OUTPUT': 'tcp dport vmap { 25 : drop }',
  'ip filter FORWARD': 'ip saddr > 192.0.2.1 drop',
  'ip6 filter INPUT': 'ip6 saddr 2001:db8::/32 ip6 saddr != 2001:db8::7 drop',
}

/** What else it can't tell: left out with the whole table, printed as something else, or the end of the save. */
const UNTOLD = [
  ['native-nft', 'add rule ip filter INPUT tcp dport 99 ct count 3 accept', ['ip filter'], RELEASES],
  ['native-nft', 'add rule ip filter INPUT ip dscp 5 drop', ['ip filter INPUT'], ['bullseye']],
  ['host-refuses', 'add rule ip filter INPUT ip dscp 5 drop', ['nft -a list'], ['bookworm', 'trixie']],
  [
    'native-nft',
    'add chain ip filter early { type filter hook input priority -10; }',
    ['ip filter'],
    ['bookworm', 'trixie'],
  ],
  [
    'host-refuses',
    'add chain ip filter early { type filter hook input priority -10; }',
    ['nft -a list'],
    ['bullseye'],
  ],
] as const

describe.concurrent.each(RELEASES)('rules of nft in the tables of iptables (%s)', name => {
  it('keep the host as it is, until they are gone', async () => {
    await mustNft(
      name,
      Object.entries(BROADER).map(([place, rule]) => `insert rule ${place} ${rule}`),
    )
    await isRefused(name, 'native-nft', Object.keys(BROADER))
    for (const place of Object.keys(BROADER)) await takeOut(name, place)
    for (const [code, command, words, releases] of UNTOLD) {
      if (!releases.some(one => one === name)) continue
      await mustNft(name, [command])
      await isRefused(name, code, words)
      const [, kind, ...place] = command.split(' ')
      if (kind === 'chain') await mustNft(name, ['delete chain ip filter early'])
      else await takeOut(name, place.slice(0, 3).join(' '))
    }
    await trial.ends(await trial.begin([name]), 0, { [name]: 'persisted' })
  })
})

const mustNft = (name: string, commands: readonly string[]) =>
  trial.must(name, 'cat | nft -f -', `${commands.join('\n')}\n`)

/** The rule with these words, or else the one that came last. */
const takeOut = (name: string, place: string, words = '') =>
  trial.must(
    name,
    `nft delete rule ${place} handle $(nft -a list chain ${place} | grep -F '${words}' | sed -n 's/.*# handle //p' | sort -n | tail -n 1)`,
  )

describe.concurrent('rules of nft elsewhere', () => {
  it('in a chain of known software, or in a table of their own, are no reason', async () => {
    await trial.must('others', 'iptables -N f2b-nft; iptables -I INPUT -j f2b-nft')
    await mustNft('others', [
      'add rule ip filter f2b-nft udp dport { 9, 19 } drop',
      'add table inet mine',
      'add chain inet mine early { type filter hook input priority -10; }',
      'add rule inet mine early tcp dport 99 ct count 3 accept',
    ])
    const before = await foreign('others')
    await trial.says(await trial.begin(['others']), 0, { others: 'persisted' })
    expect(await foreign('others')).toEqual(before)
  })

  it('that come in the window stay when the change is taken back', async () => {
    const attempt = await startWindow(trial, 'within')
    await mustNft('within', [`insert rule ip filter INPUT ${NATIVE}`])
    await becomes(trial.host('within'), /ROLLED_BACK/)
    await allowConnections(trial.lab, 'within')
    await trial.says(attempt, 3, { within: 'reverted: rolled-back' })
    expect((await trial.must('within', 'nft list chain ip filter INPUT')).split(NATIVE)).toHaveLength(2)
    await takeOut('within', 'ip filter INPUT', NATIVE)
    await trial.isOn('within', 'OLD')
  })

  it('that make a table unreadable in the window: the old rules are back, and said to be once they can be read', async () => {
    await trial.must('stuck', 'iptables -N f2b-mine; iptables -I INPUT -j f2b-mine')
    await trial.remember('stuck')
    // A rule that only goes: put back twice, it would be there twice.
    const attempt = await startWindow(trial, 'stuck', '4', '-e', '{"http_from": []}')
    expect(await trial.must('stuck', 'nft list chain ip filter INPUT')).not.toContain('443')
    await mustNft('stuck', [`add rule ip filter INPUT tcp dport 99 ct count 3 accept`])
    await becomes(trial.host('stuck'), /STUCK/)
    const input = (await trial.must('stuck', 'nft -s list chain ip filter INPUT')).split('\n')
    expect(input.filter(line => line.includes('443'))).toHaveLength(1)
    expect(input.filter(line => line.includes('f2b-mine'))).toHaveLength(1)
    await allowConnections(trial.lab, 'stuck')
    await trial.says(attempt, 4, { stuck: 'stuck: rollback-stuck' })
    await takeOut('stuck', 'ip filter INPUT', 'ct count')
    await becomes(trial.host('stuck'), /ROLLED_BACK/)
    await trial.isOn('stuck', 'OLD')
  })
})

const NATIVE = 'ip saddr { 192.0.2.1, 192.0.2.2 } drop'

/** What stands in the chain, and the table, that nft alone filled. */
const foreign = (name: string) =>
  trial.must(
    name,
    'nft -s list chain ip filter f2b-nft; nft -s list table inet mine; iptables -S INPUT | head -n 2',
  )

/** Where else a boot finds rules: a file, what is in it, and whether it is run. */
const CALLERS: readonly (readonly [file: string, text: string])[] = [
  ['/etc/rc.local', '#!/bin/sh\niptables-restore </etc/rules\n'],
  ['/etc/network/if-pre-up.d/firewall', '#!/bin/sh\n/sbin/ip6tables -A INPUT -j DROP\n'],
  ['/etc/network/interfaces', 'iface eth0 inet dhcp\n  pre-up iptables-restore < /etc/rules\n'],
  ['/etc/network/interfaces.d/lan', 'iface eth1 inet dhcp\n  post-up nft -f /etc/rules.nft\n'],
  ['/etc/cron.d/firewall', '@reboot root /usr/sbin/iptables -A INPUT -j DROP\n'],
  ['/var/spool/cron/crontabs/root', '*/5 * * * * ip6tables-restore /etc/rules6\n'],
  [
    '/etc/systemd/system/multi-user.target.wants/rules.service',
    '[Service]\nExecStart=/sbin/iptables-restore /etc/rules\n',
  ],
]

/** What only looks like it. */
const INNOCENT: readonly (readonly [file: string, text: string])[] = [
  ['/etc/network/if-up.d/note', '#!/bin/sh\n# iptables was here\n'],
  [
    '/etc/cron.d/backup',
    '@daily root iptables-save >/root/rules\n@reboot root iptables-save >/root/booted\n',
  ],
  [
    '/etc/systemd/system/multi-user.target.wants/bans.service',
    '[Unit]\nAfter=iptables.service nftables.service\n[Service]\nExecStart=/usr/bin/true\n',
  ],
]

const put = (name: string, [file, text]: readonly [string, string]) =>
  trial.must(name, `mkdir -p "$(dirname ${file})" && cat >${file} && chmod 755 ${file}`, text)

it('a boot script that calls iptables keeps the host as it is, until it is gone', async () => {
  for (const caller of [...CALLERS, ...INNOCENT]) await put('boot', caller)
  await isRefused('boot', 'other-manager', ['/etc/network/if-pre-up.d/firewall'])
  const { stdout } = await (await trial.newSite(['boot'])).fleet('plan', 'inventory.ini')
  for (const [file] of CALLERS) expect(stdout).toContain(file)
  for (const [file] of INNOCENT) expect(stdout).not.toContain(file)
  await trial.must('boot', `rm ${CALLERS.map(([file]) => file).join(' ')}`)
  await trial.ends(await trial.begin(['boot']), 0, { boot: 'persisted' })
})

/** A boot finds no call of iptables where it looks, but a step away. */
const STEPS: readonly (readonly [file: string, text: string])[] = [
  ['/usr/local/sbin/firewall.sh', '#!/bin/sh\niptables -P INPUT ACCEPT\niptables -F INPUT\n'],
  [
    '/etc/systemd/system/multi-user.target.wants/firewall.service',
    '[Unit]\nAfter=netfilter-persistent.service\n[Service]\nType=oneshot\nExecStart=/usr/local/sbin/firewall.sh\n',
  ],
]

it('a boot script a step away keeps the host as it is, until nothing runs it', async () => {
  for (const step of STEPS) await put('step', step)
  const [script, caller] = STEPS.map(([file]) => file)
  await isRefused('step', 'other-manager', [`${script}, which ${caller} runs`])
  await trial.must('step', `rm ${caller}`)
  await trial.ends(await trial.begin(['step']), 0, { step: 'persisted' })
})
