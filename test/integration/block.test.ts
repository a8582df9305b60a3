import { describe, expect, it } from 'vitest'
import { blockedOn, both, isHooked, ledgerOf } from './hosts/blocks.ts'
import { allowConnections, denyConnections } from './hosts/one-connection.ts'
import { acceptedConnections } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* `fleet block` as somebody types it at three in the morning: who is blocked where, and what is said of the others. */

const lab = useTestLab(
  'block',
  [
    'one',
    'two',
    'three',
    'up',
    'down',
    'picky',
    'many',
    'list',
    'wide',
    'edge',
    'same',
    'other',
    'ctrl',
    'gone',
  ],
  { packages: true, aptLists: true },
)
const site = (...names: readonly string[]) => makeSite(lab(), names)
const blocked = (host: string) => blockedOn(lab().host(host))

describe.concurrent('fleet block', () => {
  it('blocks on hosts that were never touched, and lets in again', async () => {
    const at = await site('one', 'two', 'three')
    const done = await at.fleet('block', '203.0.113.9', '2001:db8::9', '--for', '24h', '--reason', 'guessing')
    expect(done).toMatchObject({ code: 0, stdout: '3 hosts: blocked, and after a reboot as well.\n' })
    expect(done.stderr).toMatch(
      /^Blocking 203.0.113.9 and 2001:db8::9 until .* \(in (24 h 0|23 h 59) min\) on 3 hosts;/,
    )
    expect(done.stderr).toMatch(/^(one|two|three) is protected, \d+\.\d s after Enter$/m)
    for (const host of ['one', 'two', 'three']) {
      expect(await blocked(host)).toEqual([...both('203.0.113.9'), ...both('2001:db8::9')].toSorted())
      expect(await isHooked(lab().host(host))).toBe(true)
    }
    const listed = await at.fleet('blocks')
    expect(listed).toMatchObject({ code: 0 })
    expect(listed.stdout).toMatch(
      /^203\.0\.113\.9, 2001:db8::9: until .* "guessing"; by .*\n3 hosts: as the ledger says\.\n$/,
    )
    const lifted = await at.fleet('unblock', '203.0.113.9', '2001:db8::9')
    expect(lifted).toMatchObject({ code: 0, stdout: '3 hosts: unblocked.\n' })
    expect(await blocked('two')).toEqual([])
    expect(await at.fleet('blocks')).toMatchObject({
      code: 0,
      stdout: 'Nothing is blocked by blocks.yml.\n3 hosts: as the ledger says.\n',
    })
  })

  it('names hosts that do not answer, and those that leave something out; a repair catches them up', async () => {
    await lab().host('picky').exec('echo nameserver 198.51.100.53 >/etc/resolv.conf')
    await denyConnections(lab(), 'down')
    const at = await site('up', 'down', 'picky')
    const patience = ['--give-up-after', '2s', '--connect-timeout', '1']
    const done = await at.fleet('block', '198.51.100.0/24', '203.0.113.9', ...patience)
    expect(done.code).toBe(3)
    expect(done.stdout).toMatch(/^down: unreachable\. .*doesn't answer/m)
    expect(done.stdout).toMatch(
      /^picky: refused\. It leaves out 198\.51\.100\.0\/24, which covers 198\.51\.100\.53, the host's resolver\. .*--even-so 198\.51\.100\.53$/m,
    )
    expect(done.stdout).toMatch(/^1 of 3 hosts: blocked\. 2 left: .*fleet blocks --repair/m)
    expect(await blocked('picky')).toEqual(both('203.0.113.9'))
    expect(await blocked('up')).toHaveLength(2)
    expect(await at.fleet('blocks', '--connect-timeout', '1')).toMatchObject({ code: 3 })
    await allowConnections(lab(), 'down')
    const behind = await at.fleet('blocks')
    expect(behind.code).toBe(2)
    expect(behind.stdout).toMatch(
      /^down: behind: it hasn't heard of 2 of the ledger's addresses; nothing leads/m,
    )
    expect(behind.stdout).toMatch(
      /^picky: behind: it leaves out 198\.51\.100\.0\/24, which covers 198\.51\.100\.53 \(resolver\)\.$/m,
    )
    // What it left out then is no reason to say that something else isn't blocked now.
    const other = await at.fleet('block', '203.0.113.10')
    expect(other.code).toBe(0)
    expect(other.stdout).toMatch(
      /^picky: blocked\. What this command says is in force\. .*198\.51\.100\.0\/24 isn't, .*\n3 hosts: blocked, and after a reboot as well\.\n$/,
    )
    expect(await at.fleet('unblock', '203.0.113.10')).toMatchObject({ code: 0 })
    const still = await at.fleet('blocks', '--repair')
    expect(still).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^picky: refused\. It leaves out 198/),
    })
    const even = await at.fleet('block', '198.51.100.0/24', '--even-so', '198.51.100.53')
    expect(even).toMatchObject({ code: 0, stdout: '3 hosts: blocked, and after a reboot as well.\n' })
    expect(await at.fleet('blocks', '--repair')).toMatchObject({
      code: 0,
      stdout: '3 hosts: in line with the ledger, and after a reboot as well.\n',
    })
    expect(await blocked('down')).toEqual(await blocked('up'))
    expect(await blocked('picky')).toEqual(await blocked('up'))
  })

  it('loses nothing where several are typed at once', async () => {
    const at = await site('many')
    const addresses = Array.from({ length: 6 }, (_, number) => `203.0.113.${number + 1}`)
    const all = await Promise.all(addresses.map(address => at.fleet('block', address)))
    expect(all.filter(({ code }) => code !== 0)).toEqual([])
    for (const address of addresses) expect(await ledgerOf(at)).toContain(`- address: ${address}\n`)
    expect(await blocked('many')).toEqual(addresses.flatMap(both).toSorted())
  })

  it('takes a file, exactly', async () => {
    const at = await site('list')
    const pairs = Array.from({ length: 1200 }, (_, at) => `10.${at >> 7}.${(at & 127) * 2}.0/24 ; bad\n`)
    await at.write({
      'bad.txt': `# a feed\n${pairs.join('')}10.0.1.0/24\n2001:db8::/32, 203.0.113.4-203.0.113.6\n`,
    })
    const done = await at.fleet('block', 'bad.txt', '--direction', 'in')
    expect(done).toMatchObject({ code: 0 })
    const sets = await blocked('list')
    expect(sets).toContain('block4-in 10.0.0.0/23')
    expect(sets).toContain('block4-in 203.0.113.4/31')
    expect(sets).toContain('block6-in 2001:db8::/32')
    expect(sets).toHaveLength(1200 + 2 + 1)
    await at.write({ 'bad.txt': '10.0.0.1\n10.0.0.256\nlocalhost\n' })
    const wrong = await at.fleet('block', 'bad.txt')
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toMatch(
      /^bad\.txt:2: "10\.0\.0\.256" is not an address.*\nbad\.txt:3: "localhost" is not/,
    )
  })

  it('contacts nobody with a word, an address or a ledger that is wrong', async () => {
    const at = await site('wide')
    const before = await acceptedConnections(lab().host('wide'))
    const address = lab().host('wide').address4
    for (const [words, said] of [
      [['203.0.113'], /^"203\.0\.113" is not an address: .* Did you mean 203\.0\.113\.0\/24\?$/m],
      [['203.0.113.9', '--for', '24'], /^--for 24: say a unit/],
      [[`${address}/30`], /would block wide, a host of the inventory \(10\..*--even-so 10\./],
      [['10.90.0.1'], /10\.90\.0\.1, an address of this machine/],
      [['0.0.0.0/1', '--even-so', '127.0.0.0/8'], /0\.0\.0\.0\/1 is half of the internet or more/],
      [[], /^Which address\?/],
      [['203.0.113.9', '--give-up-after', 'soon'], /^--give-up-after soon: expected/],
    ] as const) {
      const refused = await at.fleet('block', ...words)
      expect(refused).toMatchObject({ code: 1, stdout: '' })
      expect(refused.stderr).toMatch(said)
    }
    expect(await ledgerOf(at)).toBe('')
    await at.write({ 'blocks.yml': '- address: 203.0.113.9\n  until: soon\n' })
    for (const command of [['block', '203.0.113.8'], ['unblock', '203.0.113.9'], ['blocks']]) {
      const refused = await at.fleet(...command)
      expect(refused).toMatchObject({ code: 1, stdout: '' })
      expect(refused.stderr).toMatch(/^blocks\.yml:1: until of an entry is "soon"\. Expected a time/)
    }
    expect(await acceptedConnections(lab().host('wide'))).toBe(before)
  })

  it('says what still covers an address that is unblocked, and what was meant', async () => {
    const at = await site('edge')
    await at.fleet('block', '203.0.113.0/24', '--for', '1h')
    await at.fleet('block', '203.0.113.9')
    const inside = await at.fleet('unblock', '203.0.113.8')
    expect(inside).toMatchObject({ code: 1, stdout: '' })
    expect(inside.stderr).toMatch(
      /isn't blocked by itself\. It is covered by 203\.0\.113\.0\/24: unblock that\./,
    )
    expect((await at.fleet('unblock', '203.0.131.9')).stderr).toMatch(/Did you mean 203\.0\.113\.9\?/)
    const done = await at.fleet('unblock', '203.0.113.9')
    expect(done).toMatchObject({ code: 0 })
    expect(done.stderr).toMatch(
      /^203\.0\.113\.9 is still blocked by 203\.0\.113\.0\/24, until .*fleet unblock 203\.0\.113\.0\/24$/m,
    )
    expect(await blocked('edge')).toEqual(both('203.0.113.0/24'))
  })

  it('goes to the hosts that are meant, and later to those alone', async () => {
    const at = await site('same', 'other')
    await at.fleet('block', '203.0.113.9', '-l', 'same')
    expect(await blocked('same')).toEqual(both('203.0.113.9'))
    await at.fleet('block', '203.0.113.7')
    expect(await blocked('other')).toEqual(both('203.0.113.7'))
    expect(await blocked('same')).toEqual([...both('203.0.113.7'), ...both('203.0.113.9')].toSorted())
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
    expect((await at.fleet('unblock', '203.0.113.7', '-l', 'same')).stderr).toMatch(/it is on all hosts/)
    await at.fleet('block', '203.0.113.9')
    const lifted = await at.fleet('unblock', '203.0.113.9')
    expect(lifted.stderr).toMatch(/^Unblocking 203\.0\.113\.9 on 2 hosts;/)
    expect(await blocked('same')).toEqual(both('203.0.113.7'))
  })

  it('ends with who is left when somebody is tired of waiting', async () => {
    const at = await site('ctrl', 'gone')
    await denyConnections(lab(), 'gone')
    const fleet = at.start('block', '203.0.113.9', '--connect-timeout', '1')
    await fleet.until(event => JSON.stringify(event).includes('"block-retry","host":"gone"'))
    await fleet.until(event => JSON.stringify(event).includes('"block-settled","host":"ctrl"'))
    fleet.child.kill('SIGINT')
    const { code, stdout } = await fleet.end()
    expect(code).toBe(3)
    expect(stdout).toMatch(/"block-settled","host":"gone","state":"unreachable"/)
    expect(await blocked('ctrl')).toEqual(both('203.0.113.9'))
    // Killed in its middle and typed again: the same end.
    await allowConnections(lab(), 'gone')
    const killed = at.start('block', '203.0.113.8')
    await killed.until(event => JSON.stringify(event).includes('block-protected'))
    await killed.kill()
    expect(await at.fleet('block', '203.0.113.8')).toMatchObject({ code: 0 })
    for (const host of ['ctrl', 'gone'])
      expect(await blocked(host)).toEqual([...both('203.0.113.8'), ...both('203.0.113.9')].toSorted())
  })
})
