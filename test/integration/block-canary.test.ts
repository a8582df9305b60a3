import { describe, expect, it } from 'vitest'
import { replaceTool } from '../faults/backend.ts'
import { blockedOn, both, ledgerOf } from './hosts/blocks.ts'
import { allowConnections, allowOneConnection, denyConnections } from './hosts/one-connection.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* The host that goes ahead of all others with a block, and what becomes of it where that one lets nobody in afresh. */

const lab = useTestLab('block-canary', ['narrow', 'late', 'thin', 'slim', 'never', 'mute', 'next'], {
  packages: true,
  aptLists: true,
})
const site = (...names: readonly string[]) => makeSite(lab(), names)
const blocked = (host: string) => blockedOn(lab().host(host))

const PATIENT = ['--connect-timeout', '2', '--give-up-after', '60s']
const settled = (host: string) => (event: object) =>
  JSON.stringify(event).includes(`"block-settled","host":"${host}"`)

describe.concurrent('fleet block', () => {
  it('lets in again where no fresh login gets through, and another host goes ahead', async () => {
    const at = await site('narrow', 'late')
    await allowOneConnection(lab(), 'narrow')
    await denyConnections(lab(), 'late')
    const fleet = at.start('block', '203.0.113.9', ...PATIENT)
    await fleet.until(settled('narrow'))
    await allowConnections(lab(), 'late')
    const { code, stdout } = await fleet.end()
    expect(stdout).toMatch(
      /"block-settled","host":"narrow","state":"reverted".*block-locked-out.*"undone":true/,
    )
    expect(stdout).toContain('"block-settled","host":"late","state":"blocked"')
    expect(code).toBe(3)
    expect(await blocked('narrow')).toEqual([])
    expect(await blocked('late')).toEqual(both('203.0.113.9'))
    expect(await ledgerOf(at)).not.toContain('lifted')
  })

  it('goes on where the first host lets nobody in and never answers what undoes the block', async () => {
    const at = await site('mute', 'next')
    await allowOneConnection(lab(), 'mute')
    await denyConnections(lab(), 'next')
    const once = 'case "$*" in "-w 20 9") [ ! -e /run/was ] || exec sleep 1000; : >/run/was ;; esac'
    await replaceTool(lab().host('mute'), 'flock', `${once}\nexec /usr/bin/flock "$@"`)
    const fleet = at.start('block', '203.0.113.9', ...PATIENT)
    await fleet.until(event => JSON.stringify(event).includes('"block-protected","host":"mute"'))
    await allowConnections(lab(), 'next')
    await fleet.until(settled('next'))
    expect(await blocked('next')).toEqual(both('203.0.113.9'))
    expect(fleet.events.some(settled('mute')), 'it still says nothing').toBe(false)
    await fleet.kill()
    expect(await ledgerOf(at)).not.toContain('lifted')
  })

  it('gives it to no other host where two of them let nobody in afresh, and lifts it in the ledger', async () => {
    const at = await site('thin', 'slim', 'never')
    for (const host of ['thin', 'slim']) await allowOneConnection(lab(), host)
    await denyConnections(lab(), 'never')
    const fleet = at.start('block', '203.0.113.9', ...PATIENT)
    for (const host of ['thin', 'slim']) await fleet.until(settled(host))
    await allowConnections(lab(), 'never')
    const { code, stdout } = await fleet.end()
    expect(stdout.match(/"state":"reverted".*block-locked-out.*"undone":true/g)).toHaveLength(2)
    // Why it wasn't reached before says more than that it isn't tried any more.
    expect(stdout).toMatch(
      /"block-settled","host":"never","state":("not started".*block-not-begun|"unreachable")/,
    )
    expect(code).toBe(3)
    for (const host of ['thin', 'slim']) expect(await blocked(host)).toEqual([])
    expect((await lab().host('never').exec('ipset list -n')).stdout).toBe('')
    expect(await ledgerOf(at)).toMatch(/address: 203\.0\.113\.9\n(.*\n)+ {2}lifted:/)
  })
})
