import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeSite, type Site } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* `fleet blocks --refresh` as cron runs it: lists of others on every host, and nothing where they are wrong. */

const lab = useTestLab('feeds', ['one', 'two'], { packages: true, aptLists: true })

const members = async (host: string) => {
  const { stdout } = await lab().host(host).exec('ipset save')
  return [...stdout.matchAll(/^add fleet-feeds\d (\S+)/gm)].map(([, network = '']) => network).sort()
}
const everywhere = async () => Promise.all(['one', 'two'].map(members))
const CONFIG = `feeds:
  drop: {file: lists/drop, format: netset, allow: [45.1.1.128/25]}
  mine: {file: lists/mine, limit: two}
`
const refresh = (site: Site, ...more: readonly string[]) => site.fleet('blocks', '--refresh', ...more)

describe('fleet blocks --refresh', () => {
  it('brings feeds to hosts that were never touched, and is silent while nothing changes', async () => {
    const site = await makeSite(lab(), ['one', 'two'], {
      'fleet.yml': CONFIG,
      'lists/drop': '# bogons and others\n10.0.0.0/8\n45.1.1.0/24 # SBL1\n2600:1::/32\n',
      'lists/mine': '45.9.9.9\n',
    })
    const first = await refresh(site)
    expect(first).toMatchObject({
      code: 0,
      stdout: 'drop: 3 entries\nmine: 1 entry\n2 hosts brought in line with the feeds.\n',
    })
    const drop = ['2600:1::/32', '45.1.1.0/25']
    expect(await everywhere()).toEqual([drop, [...drop, '45.9.9.9']])
    expect(await refresh(site)).toEqual({ code: 0, stdout: '', stderr: '' })

    await site.write({ 'lists/drop': '45.1.2.0/24\n45.1.1.0/24\n' })
    expect(await refresh(site)).toMatchObject({
      code: 0,
      stdout: 'drop: 2 entries\n2 hosts brought in line with the feeds.\n',
    })
    const changed = ['45.1.1.0/25', '45.1.2.0/24']
    expect(await everywhere()).toEqual([changed, [...changed, '45.9.9.9']])

    for (const [poison, line, why] of POISON) {
      await site.write({ 'lists/drop': poison })
      const { code, stdout, stderr } = await refresh(site)
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toContain(`lists/drop${line}: ${why}`)
      expect(stderr).toMatch(
        /^fleet\.yml:2: The feed drop is not taken: its list of .* stays in force \(2 entries\)\.$/m,
      )
      expect(await members('one')).toEqual(changed)
    }
    await site.write({ 'lists/drop': '45.1.2.0/24\n' })

    // A controller that knows none of the lists that the hosts have.
    await rm(join(site.folder, '.local'), { recursive: true })
    await site.write({ 'lists/mine': '<html>' })
    const elsewhere = await refresh(site)
    expect(elsewhere).toMatchObject({ code: 3 })
    expect(elsewhere.stdout).toContain(
      'two: unchanged. The host keeps the feeds that it has: there is no list of mine here',
    )
    expect(await everywhere()).toEqual([['45.1.2.0/24'], [...changed, '45.9.9.9']])

    await site.write({ 'fleet.yml': 'feeds: {}\n' })
    expect(await refresh(site)).toMatchObject({
      code: 0,
      stdout: '2 hosts brought in line with the feeds.\n',
    })
    expect(await everywhere()).toEqual([[], []])
    expect(await readdir(site.folder)).not.toContain('blocks.yml')
  })

  it('is what a country or a feed means as a word of fleet block', async () => {
    const site = await makeSite(lab(), ['one'], {
      'fleet.yml': 'feeds:\n  kp: {file: kp, format: zone}\n  drop: {file: drop}\n',
      kp: '45.4.0.0/23\n45.4.2.0/23\n',
      drop: '45.5.5.0/24\n',
    })
    const wrong = await site.fleet('block', 'country:drop', 'feed:dorp', '--for', '1h')
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toContain('country:drop is no feed of fleet.yml with format: zone.')
    expect(await site.fleet('block', 'country:KP', '--for', '1h')).toMatchObject({ code: 0 })
    expect((await lab().host('one').exec('ipset save fleet-block4')).stdout).toMatch(
      /^add fleet-block4 45\.4\.0\.0\/22 timeout \d+$/m,
    )
    expect((await site.fleet('blocks')).stdout).toContain('"country:KP"')
    expect(await site.fleet('unblock', '--reason', 'country:KP')).toMatchObject({ code: 0 })
    expect((await site.fleet('blocks')).stdout).toMatch(
      /^feed kp: 2 entries, as of .* UTC\nfeed drop: never taken\./m,
    )
    await refresh(site)
    const covered = await site.fleet('unblock', '45.5.5.5')
    expect(covered).toMatchObject({ code: 1 })
    expect(covered.stderr).toContain('The feed drop still blocks 45.5.5.5.')
  })

  it('needs feeds', async () => {
    const site = await makeSite(lab(), ['one'])
    const { code, stderr } = await refresh(site)
    expect(code).toBe(1)
    expect(stderr).toContain('fleet.yml names no feeds.')
  })
})

const POISON = [
  ['0.0.0.0/0\n', ':1', '0.0.0.0/0 is more than anybody was ever given.'],
  [
    '45.1.2.0/24\n192.168.7.1\n',
    ':2',
    "192.168.7.1 is no address of the internet, but of somebody's own network.",
  ],
  ['<html>moved</html>', ':1', 'This is a page, and no list.'],
  ['', '', 'There is nothing on this list.'],
  ['45.1.2.0/24\n\u0000\u0007', ':2', 'This is no text.'],
] as const
