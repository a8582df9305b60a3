import { describe, expect, it } from 'vitest'
import { reaches } from './hosts/packets.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* Lists of others as the sources of a role: who is on one gets in, and nobody else does, whatever becomes of the list. */

const FRIEND = '45.7.7.7'
const lab = useTestLab(
  'role-feeds',
  [
    { name: 'shop', port: 80 },
    { name: 'guest', address: FRIEND },
  ],
  {
    packages: true,
  },
)
const host = (name: string) => lab().host(name)
/** From the address that the list may have, and from one that it never has. */
const isLetIn = async () => {
  await host('shop').exec(`ip route replace ${FRIEND}/32 dev eth0`)
  const shop = host('shop').address4
  await host('guest').exec(`ip route replace ${shop}/32 dev eth0 src ${FRIEND}`)
  const friend = await reaches(host('guest'), shop, 80)
  await host('guest').exec(`ip route replace ${shop}/32 dev eth0 src ${host('guest').address4}`)
  return { friend, stranger: await reaches(host('guest'), shop, 80) }
}
const list = (...more: readonly string[]) =>
  [...Array.from({ length: 20 }, (_, at) => `45.8.${at}.1`), ...more].map(line => `${line}\n`).join('')

describe('a feed as a source of a role', () => {
  it('lets in who is on the list that was taken last, for good, and is none that hosts block', async () => {
    const at = await makeSite(lab(), ['[web]', 'shop'], {
      'fleet.yml': 'feeds:\n  friends: {file: friends, block: false}\n',
      'group_vars/web.yml': 'http_ports: [80]\nhttp_from: [feed:freinds]\n',
      friends: list(FRIEND),
    })
    const unknown = await at.fleet('plan')
    expect(unknown).toMatchObject({ code: 1, stdout: '' })
    expect(unknown.stderr).toMatch(
      /^group_vars\/web\.yml:2: feed:freinds is no feed of fleet\.yml\. Did you mean feed:friends\?$/m,
    )
    await at.write({ 'group_vars/web.yml': 'http_ports: [80]\nhttp_from: [feed:friends]\n' })
    const untaken = await at.fleet('apply')
    expect(untaken).toMatchObject({ code: 1, stdout: '' })
    expect(untaken.stderr).toContain('group_vars/web.yml:2: feed:friends: no list of this feed is in force')

    expect(await at.fleet('blocks', '--refresh')).toEqual({
      code: 0,
      stdout: 'friends: 21 entries\n',
      stderr: '',
    })
    expect((await host('shop').exec('iptables-save -t raw')).stdout).not.toContain('FLEET-BLOCK')
    expect((await at.fleet('blocks')).stdout).toContain(
      'feed friends: 21 entries for roles, not blocked, as of ',
    )
    await at.mustApply()
    expect(await isLetIn()).toEqual({ friend: true, stranger: false })
    await host('shop').unplug()
    await host('shop').boot()
    expect(await isLetIn()).toEqual({ friend: true, stranger: false })

    await at.write({ friends: '0.0.0.0/0\n' })
    expect(await at.fleet('blocks', '--refresh')).toMatchObject({ code: 3 })
    expect(await at.fleet('plan')).toMatchObject({ code: 0 })

    await at.write({ friends: list() })
    expect(await at.fleet('plan'), 'nobody fetches by the way').toMatchObject({ code: 0 })
    expect(await at.fleet('blocks', '--refresh')).toMatchObject({ code: 0 })
    expect(await at.fleet('drift')).toMatchObject({ code: 2 })
    await at.mustApply()
    expect(await isLetIn()).toEqual({ friend: false, stranger: false })
  })
})
