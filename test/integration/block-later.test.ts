import { describe, expect, it } from 'vitest'
import { blockedOn, deafen, ledgerOf } from './hosts/blocks.ts'
import { allowConnections, denyConnections } from './hosts/one-connection.ts'
import { makeSite, type Site } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* What hosts heard by another copy of the ledger, and a host that is alone with its trouble. */

const lab = useTestLab('block-later', ['ahead', 'well', 'deaf', 'far', 'near', 'next'], {
  packages: true,
  aptLists: true,
})
const blocked = (host: string) => blockedOn(lab().host(host))

/** A ledger as a machine would have written it whose clock is minutes ahead. */
const write = (at: Site, ...words: readonly string[]) =>
  at.write({
    'blocks.yml': ['- address: 203.0.113.9', 'until: never', 'by: a@b', ...words].join('\n  ').concat('\n'),
  })
const minutes = (ahead: number) => new Date(Date.now() + ahead * 60_000).toISOString()

describe('what a host has heard later than this ledger says', () => {
  it('is overruled by who says it again now, and told to who only has an older copy', async () => {
    const there = await makeSite(lab(), ['ahead'])
    await write(there, `at: ${minutes(0)}`, `lifted: {"by":"a@b","at":"${minutes(10)}"}`)
    expect(await there.fleet('block', '198.51.100.1')).toMatchObject({ code: 0 })
    const here = await makeSite(lab(), ['ahead'])
    expect(await here.fleet('block', '203.0.113.9')).toMatchObject({ code: 0 })
    expect(await blocked('ahead')).toContain('block4 203.0.113.9')

    const lifting = await there.fleet('unblock', '203.0.113.9')
    expect(lifting).toMatchObject({ code: 0, stdout: '1 host: unblocked.\n' })
    expect(await blocked('ahead')).not.toContain('block4 203.0.113.9')

    const looked = await here.fleet('blocks')
    expect(looked.code).toBe(2)
    expect(looked.stdout).toMatch(/^ahead: behind: it goes by a later word on 203\.0\.113\.9,/m)
    const repaired = await here.fleet('blocks', '--repair')
    expect(repaired.code).toBe(2)
    expect(repaired.stdout).toMatch(
      /^ahead: blocked\. It has heard later than this ledger says .* 203\.0\.113\.9,/m,
    )
    expect(await blocked('ahead')).not.toContain('block4 203.0.113.9')
  })
})

describe('a host whose hook is not kept', () => {
  it('keeps nothing from the others: the ledger goes on saying what they block', async () => {
    await deafen(lab().host('deaf'))
    await denyConnections(lab(), 'deaf')
    const at = await makeSite(lab(), ['well', 'deaf'])
    const fleet = at.start('block', '203.0.113.9', '--connect-timeout', '2', '--give-up-after', '60s')
    await fleet.until(event => JSON.stringify(event).includes('"block-settled","host":"well"'))
    await allowConnections(lab(), 'deaf')
    const { code, stdout } = await fleet.end()
    expect(stdout).toMatch(/"host":"deaf","state":"reverted".*block-taken-back/)
    expect(code).toBe(3)
    expect(await blocked('well')).toContain('block4 203.0.113.9')
    expect(await ledgerOf(at)).not.toContain('lifted')
  })
})

describe('a host that sees fleet come from an address that is to be blocked', () => {
  it('is left out of that, and the others go on blocking it', async () => {
    const [seen, far] = ['198.51.100.200', lab().host('far').address4]
    await lab().run([
      'iptables',
      '-t',
      'nat',
      '-A',
      'POSTROUTING',
      '-d',
      far,
      '-j',
      'SNAT',
      '--to-source',
      seen,
    ])
    await lab().host('far').exec(`ip route add ${seen} via 10.90.0.1`)
    const at = await makeSite(lab(), ['far', 'near', 'next'])
    const done = await at.fleet('block', seen)
    expect(done.code).toBe(3)
    expect(done.stderr).toMatch(
      /^far says that you come from within 198\.51\.100\.200, and all others don't/m,
    )
    expect(await ledgerOf(at)).toContain('limit: "all,!far"')
    // All of them have heard that already.
    const listed = await at.fleet('blocks')
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('3 hosts: as the ledger says.') })
    await lab().run(['iptables', '-t', 'nat', '-F', 'POSTROUTING'])
    expect(await at.fleet('blocks', '--repair')).toMatchObject({ code: 0 })
    expect(await at.fleet('blocks')).toMatchObject({ code: 0 })
    expect(await blocked('far')).toEqual([])
    for (const host of ['near', 'next']) expect(await blocked(host)).toEqual([`block4 ${seen}`])
    expect(await at.fleet('unblock', seen)).toMatchObject({ code: 0 })
    expect(await blocked('near')).toEqual([])
  })
})
