import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Family } from '../../src/model/family.ts'
import { ownedLines, project } from '../../src/ruleset/owned.ts'
import { parseSave } from '../../src/ruleset/parse.ts'
import { printRestore } from '../../src/ruleset/print.ts'
import type { Ruleset } from '../../src/ruleset/ruleset.ts'
import { change } from '../../src/ruleset/transition.ts'
import { type World, worlds } from '../unit/ruleset/worlds.ts'

const CASES = 15
const BACKENDS: readonly [program: string, family: Family][] = [
  ['iptables-nft', 4],
  ['ip6tables-nft', 6],
  ['iptables-legacy', 4],
  ['ip6tables-legacy', 6],
]

/** In a fresh namespace each: apply and undo; and the same with somebody inserting at the top before each. */
const SCRIPT = `
cd "$1"; P=$2; export XTABLES_LOCKFILE="$1/lock"
forth_and_back() {
  ipset create banned hash:net family $3
  $P-restore < live && $P-save > $1.live || return 1
  $2
  { [ ! -s do ] || $P-restore --noflush < do; } && $P-save > $1.do || return 1
  $2
  { [ ! -s undo ] || $P-restore --noflush < undo; } && $P-save > $1.undo
}
newcomer() { for c in INPUT OUTPUT; do $P -I $c -m comment --comment newcomer -j RETURN; done; }
FAMILY=inet; case $P in ip6*) FAMILY=inet6;; esac
case $3 in
  alone) forth_and_back alone : $FAMILY;;
  meanwhile) forth_and_back meanwhile newcomer $FAMILY;;
esac
`

const root = mkdtempSync(join(tmpdir(), 'transition-'))
beforeAll(() => writeFileSync(join(root, 'run.sh'), SCRIPT))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A table that was made and emptied again stays as ACCEPT chains: iptables can't delete one. */
const isBlank = (line: string) => / :\w+ ACCEPT$/.test(line)
const content = (ruleset: Ruleset) => ownedLines(ruleset).filter(line => !isBlank(line))

/* oxlint-disable vitest/expect-expect -- check() has the assertions */
describe.each(BACKENDS)('%s', (program, family) => {
  const load = (dir: string, name: string) => parseSave(readFileSync(join(dir, name), 'utf8'), family)

  /** What a save says of the tables that stood before, without counters. */
  function tablesIn(dir: string, name: string, { tables }: Ruleset): string[] {
    const text = readFileSync(join(dir, name), 'utf8').replaceAll(/ \[\d+:\d+\]$/gm, '')
    return [...text.matchAll(/^\*(\w+)\n[\s\S]*?^COMMIT$/gm)]
      .filter(([, table = '']) => tables.has(table))
      .map(([all]) => all)
      .toSorted()
  }

  function run({ live, now, wanted }: World, name: string): string {
    const dir = join(root, `${program}-${name}`)
    mkdirSync(dir)
    const both = change(live, now, wanted)
    writeFileSync(join(dir, 'live'), printRestore(live))
    writeFileSync(join(dir, 'do'), both.do.payload)
    writeFileSync(join(dir, 'undo'), both.undo.payload)
    for (const how of ['alone', 'meanwhile']) {
      execFileSync('unshare', ['-n', 'sh', join(root, 'run.sh'), dir, program, how], { encoding: 'utf8' })
    }
    return dir
  }

  it('does and undoes random changes among foreign rules', () => {
    const seed = Number(process.env.FLEET_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
    for (const [at, world] of fc.sample(worlds, { seed, numRuns: CASES }).entries()) {
      const dir = run(world, `random-${at}`)
      check(world, dir, `seed ${seed}, case ${at}`)
    }
  })

  it('does and undoes a whole host with matches of every kind', () => {
    const [live, wanted] = [HOST.live, HOST.wanted].map(text => parseSave(text(family), family))
    if (!live || !wanted) throw new Error('no host')
    const owned = new Set([...ownedLines(parseSave(HOST.now(family), family)), ...ownedLines(wanted)])
    const world = { live, wanted, now: project(live, owned) }
    check(world, run(world, 'host'), 'host')
  })

  function check({ live, now, wanted }: World, dir: string, what: string): void {
    const mine = new Set([...ownedLines(now), ...ownedLines(wanted)])
    const wish = new Set(ownedLines(wanted))
    const baseline = load(dir, 'alone.live')
    expect(content(baseline), `${what}: the baseline loads as written`).toEqual(content(live))

    const after = load(dir, 'alone.do')
    expect(content(after), `${what}: as computed`).toEqual(content(change(live, now, wanted).after))
    expect(ownedLines(project(after, wish)), `${what}: owned is wanted`).toEqual(ownedLines(wanted))
    expect(tablesIn(dir, 'alone.undo', live), `${what}: undone to the byte`).toEqual(
      tablesIn(dir, 'alone.live', live),
    )
    expect(content(load(dir, 'alone.undo')), `${what}: nothing besides`).toEqual(content(baseline))

    const meanwhile = load(dir, 'meanwhile.do')
    expect(ownedLines(project(meanwhile, wish)), `${what}: order kept`).toEqual(ownedLines(wanted))
    const back = load(dir, 'meanwhile.undo')
    expect(content(project(back, mine)), `${what}: order undone`).toEqual(content(project(live, mine)))
    const newcomers = ownedLines(back).filter(line => line.includes('--comment newcomer')).length
    expect(newcomers, `${what}: foreign rules survive`).toBe(4)
  }
})

const net = (family: Family) => (family === 4 ? '192.0.2.0/24' : '2001:db8::/32')
const range = (family: Family) => (family === 4 ? '192.0.2.1-192.0.2.9' : '2001:db8::1-2001:db8::9')
const mask = (family: Family) =>
  family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
const ping = (family: Family) =>
  family === 4 ? '-p icmp -m icmp --icmp-type 8' : '-p ipv6-icmp -m icmp6 --icmpv6-type 128'

const owned = (family: Family) => [
  `-A INPUT -i lo -j ACCEPT`,
  `-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  `-A INPUT -m set --match-set banned src -j DROP`,
  `-A INPUT ${ping(family)} -m limit --limit 5/sec -j ACCEPT`,
  `-A INPUT -p tcp -m tcp --dport 22 -m recent --set --name ssh --mask ${mask(family)} --rsource`,
  `-A INPUT -p tcp -m recent --update --seconds 60 --hitcount 4 --name ssh --mask ${mask(family)} --rsource -j DROP`,
  `-A INPUT -p tcp -m hashlimit --hashlimit-above 5/min --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name h -j DROP`,
  `-A INPUT -s ${net(family)} -p tcp -m multiport --dports 80,443 -m comment --comment "say \\"web\\", twice" -j ACCEPT`,
  `-A INPUT -m iprange --src-range ${range(family)} -g MINE`,
  `-A INPUT -m addrtype ! --dst-type LOCAL -j DROP`,
  `-A INPUT -p tcp -m connlimit --connlimit-above 3 --connlimit-mask ${family === 4 ? 32 : 128} --connlimit-saddr -j REJECT --reject-with tcp-reset`,
  `-A INPUT -m limit --limit 3/min -j LOG --log-prefix "dropped in: "`,
]

const HOST = {
  live: (family: Family) =>
    [
      '*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack\nCOMMIT',
      '*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n:DOCKER -',
      '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A POSTROUTING -o eth0 -j MASQUERADE',
      '-A DOCKER -i docker0 -j RETURN\nCOMMIT',
      '*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:DOCKER-USER -\n:MINE -\n:f2b-sshd -',
      '-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd',
      ...owned(family),
      `-A INPUT -s ${net(family)} -j ACCEPT`,
      '-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\n-A f2b-sshd -j RETURN',
      '-A MINE -p udp -j RETURN\n-A MINE -j DROP\nCOMMIT\n',
    ].join('\n'),
  now: (family: Family) =>
    `*filter\n:INPUT DROP\n:MINE -\n${owned(family).join('\n')}\n-A MINE -p udp -j RETURN\n-A MINE -j DROP\nCOMMIT\n` +
    '*nat\n:POSTROUTING ACCEPT\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n',
  wanted: (family: Family) =>
    `*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:NEW -\n${owned(family).slice(0, 4).join('\n')}\n` +
    '-A INPUT -p tcp -m tcp --dport 22 -j NEW\n-A INPUT -j NFLOG --nflog-prefix "x y" --nflog-group 2\n' +
    '-A FORWARD -m conntrack ! --ctstate INVALID -j ACCEPT\n-A NEW -m statistic --mode nth --every 3 --packet 0 -j DROP\n' +
    '-A NEW -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j RETURN\n-A NEW -j ACCEPT\nCOMMIT\n' +
    '*mangle\n:FORWARD ACCEPT\n-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\nCOMMIT\n',
}
