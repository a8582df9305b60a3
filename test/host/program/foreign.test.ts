import { describe, expect, it } from 'vitest'
import { arm, askRollback } from '../../../src/host/guard.ts'
import { filter, look, transactionTo, type Wanted, web } from './change.ts'
import type { HostKind, MiniHost } from './mini-host.ts'
import { aHost, applied, becomes, confirmed, over, persisted, rules, stateFile } from './steps.ts'

/** Chains and rules as Docker and fail2ban make them, among others in every table. */
const FOREIGN = `
iptables -N DOCKER; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN
iptables -A FORWARD -j DOCKER-USER; iptables -A FORWARD -o docker0 -j DOCKER
iptables -t nat -N DOCKER; iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
for t in iptables ip6tables; do
  $t -N f2b-sshd; $t -A f2b-sshd -j RETURN; $t -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
done
ip6tables -t mangle -A PREROUTING -m comment --comment "say \\"hi\\"" -j MARK --set-xmark 0x7
`

/** What they put in while a change is in force. */
const MEANWHILE = `
iptables -I f2b-sshd -s 203.0.113.50 -j REJECT; ip6tables -I f2b-sshd -s 2001:db8::50 -j REJECT
iptables -I INPUT -s 203.0.113.51 -j DROP; ip6tables -I INPUT -s 2001:db8::51 -j DROP
iptables -t nat -A DOCKER -p tcp --dport 9090 -j DNAT --to-destination 172.17.0.3:80
iptables -A DOCKER -d 172.17.0.3/32 -p tcp --dport 80 -j ACCEPT
iptables -t raw -A PREROUTING -d 172.17.0.3/32 -j DROP
`

const SETS =
  'create evil4 hash:net family inet\nadd evil4 203.0.113.0/24\ncreate evil6 hash:net family inet6\nadd evil6 2001:db8::/32\n'

const own = (family: string) => `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:MINE - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m set --match-set ${family} src -j DROP
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j MINE
-A MINE -p tcp -m tcp --dport 443 -j ACCEPT
-A MINE -m comment --comment "what is left" -j LOG --log-prefix "left: "
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
COMMIT
`
const rich: Wanted = {
  rules: {
    4: own('evil4').replace('TCPMSS --clamp-mss-to-pmtu', 'MARK --set-xmark 0x1'),
    6: own('evil6').replace('TCPMSS --clamp-mss-to-pmtu', 'MARK --set-xmark 0x1'),
  },
  sets: SETS,
}
const plain: Wanted = {
  rules: {
    4: filter('INPUT -p tcp -m tcp --dport 22 -j ACCEPT').replace('FORWARD DROP', 'FORWARD ACCEPT'),
    6: filter('INPUT -p tcp -m tcp --dport 22 -j ACCEPT').replace('FORWARD DROP', 'FORWARD ACCEPT'),
  },
}

const KINDS: readonly HostKind[] = [
  { backend: 'nft', shell: 'dash' },
  { backend: 'legacy', shell: 'dash' },
  { backend: 'nft', shell: 'busybox' },
  { backend: 'legacy', shell: 'busybox' },
  { backend: 'nft', shell: 'bash' },
]

/** The lines of a save that a pattern fits, in order. */
const only = (save: string, pattern: RegExp) => save.split('\n').filter(line => pattern.test(line))
const THEIRS = /DOCKER|f2b|172\.17|say|203\.0\.113\.5|2001:db8::5/

/** Each chain's own rules and those of others, in their order: where they stand among each other may differ. */
const apart = (save: string): readonly string[] =>
  save
    .split(/(?<=^COMMIT\n)/m)
    .filter(table => /^(-A|:\S+ (DROP|-)$)/m.test(table))
    .map(table =>
      JSON.stringify([
        table.split('\n')[0],
        only(table, /^:/),
        only(table, THEIRS),
        only(table, /^-A/).filter(line => !THEIRS.test(line)),
      ]),
    )
    .toSorted()

describe.each(KINDS)('$backend under $shell', kind => {
  it('goes a whole life among the rules of others', async () => {
    const host = await aHost(kind)
    await host.must(FOREIGN)
    const theirs = only(await rules(host), THEIRS)
    await persisted(host, rich)
    expect(only(await rules(host), THEIRS), 'after the first apply').toEqual(theirs)
    const before = await rules(host)
    expect((await over(host, session => look(session, rich))).asConfirmed).toBe(true)

    const transaction = await applied(host, plain, { confirmTimeout: 1200 })
    expect(await rules(host)).not.toContain('MINE')
    await becomes(host, transaction, 'ROLLED_BACK-deadline')
    expect(await rules(host), 'to the byte').toBe(before)

    await persisted(host, plain)
    expect(only(await rules(host), THEIRS), 'after the second apply').toEqual(theirs)
    expect(await rules(host)).not.toMatch(/MINE|evil/)
    expect(await host.must('ipset list -n')).toBe('')
  })

  it('keeps what others put in during the window, confirmed or rolled back', async () => {
    const host = await aHost(kind)
    await host.must(FOREIGN)
    await persisted(host, plain)
    const control = await twin(kind, plain)
    const transaction = await applied(host, rich)
    await host.must(MEANWHILE)
    await over(host, session => askRollback(session, transaction.nonce))
    expect(stateFile(host, transaction)).toBe('ROLLED_BACK-asked')
    expect(apart(await rules(host)), 'as if only they had been there').toEqual(apart(control))
    expect(await host.must('ipset list -n'), 'its sets are gone too').toBe('')

    const again = await applied(host, rich)
    await host.must('iptables -I f2b-sshd -s 203.0.113.52 -j REJECT')
    expect((await confirmed(host, again)).is).toBe('persisted')
    expect(await rules(host)).toContain('-A f2b-sshd -s 203.0.113.52/32 -j REJECT')
    expect(only(await rules(host), /203\.0\.113\.51/)).toHaveLength(1)
  })

  it('puts both families back when the second table fails after the first was loaded', async () => {
    const host = await aHost(kind)
    await host.must(FOREIGN)
    await persisted(host, plain)
    const before = await rules(host)
    const session = await host.connect()
    const transaction = transactionTo(await look(session, rich), rich)
    await arm(session, transaction)
    const file = `/var/lib/fleet/txn/${transaction.nonce}/do.6`
    await host.must(`sed -i '$d' ${file}; echo "-A INPUT -j NOWHERE\nCOMMIT" >>${file}`)
    await session.close()
    await becomes(host, transaction, 'ROLLED_BACK-apply-failed')
    expect(apart(await rules(host))).toEqual(apart(before))
  })
})

/** What a host looks like where others did the same, and no change was tried. */
async function twin(kind: HostKind, want: Wanted): Promise<string> {
  const host: MiniHost = await aHost(kind)
  await host.must(FOREIGN)
  await persisted(host, want)
  await host.must(MEANWHILE)
  return rules(host)
}

it('uses a private lock where somebody never lets go of the one of iptables', async () => {
  const host = await aHost({ backend: 'legacy' })
  await persisted(host, plain)
  const before = await rules(host)
  const transaction = await applied(host, web)
  await host.must('setsid flock /run/xtables.lock sleep 300 >/dev/null 2>&1 </dev/null &')
  await over(host, session => askRollback(session, transaction.nonce))
  expect(apart(await rules(host))).toEqual(apart(before))
  expect(stateFile(host, transaction)).toBe('ROLLED_BACK-asked')
})
