import { beforeAll, describe, expect, it } from 'vitest'
import { inForce } from '../integration/hosts/rules.ts'
import { makeSite, type Site } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* A plan that was saved is done to the byte, or not at all: host by host. */

const NAMES = ['same', 'drifted', 'done']
const lab = useTestLab('frozen-plan', [...NAMES, 'late'], { packages: true })

const site = (ports: string, names = NAMES): Promise<Site> =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n` })

beforeAll(async () => {
  await (await site('[80]', [...NAMES, 'late'])).mustApply()
})

describe('a host whose rules somebody changes before its stage', () => {
  it('is refused and left as it is, and the others go on as the budget says', async () => {
    const at = await site('[80, 81]')
    const running = at.start('apply', '--stages', '1,100%', '--manual', '--max-failures', '1')
    await running.until(({ type }) => type === 'rollout-paused')
    await lab().host('drifted').exec('iptables -D INPUT -m conntrack --ctstate INVALID -j DROP')
    const drifted = await inForce(lab().host('drifted'))
    const [started] = running.events
    expect((await at.fleet('promote', started?.type === 'run-started' ? started.run : '')).code).toBe(0)
    expect(await running.verdict()).toEqual({
      code: 3,
      hosts: { same: 'persisted', drifted: 'refused: host-changed', done: 'persisted' },
    })
    expect(await inForce(lab().host('drifted'))).toEqual(drifted)
    expect((await at.fleet('apply')).code).toBe(0)
  })
})

describe('fleet apply --plan', () => {
  it('does what the plan says, and refuses a host that is another one by now', async () => {
    const at = await site('[80, 443]')
    expect((await at.fleet('plan', '-o', 'a.plan')).code).toBe(2)
    await lab().host('drifted').exec('iptables -D INPUT -m conntrack --ctstate INVALID -j DROP')
    expect((await at.fleet('apply', '-l', 'done')).code).toBe(0)
    const drifted = await inForce(lab().host('drifted'))
    const { code, hosts } = await at.start('apply', '--plan', 'a.plan').verdict()
    expect({ code, hosts }).toEqual({
      code: 3,
      hosts: { same: 'persisted', drifted: 'refused: host-drifted', done: 'unchanged' },
    })
    expect(await inForce(lab().host('drifted'))).toEqual(drifted)
  })

  it('refuses what has been changed in the inventory, and hosts that came since', async () => {
    const at = await site('[80, 8080]', ['same'])
    expect((await at.fleet('plan', '-o', 'b.plan')).code).toBe(2)
    const wider = await site('[80, 9090]', ['same', 'late'])
    const { code, hosts } = await wider.start('apply', '--plan', `${at.folder}/b.plan`).verdict()
    expect({ code, hosts }).toEqual({
      code: 3,
      hosts: { same: 'refused: other-rules-wanted', late: 'refused: not-in-plan' },
    })
  })

  it('contacts nobody where the inventory has lost a host of the plan', async () => {
    const at = await site('[80, 4443]', ['same', 'late'])
    expect((await at.fleet('plan', '-o', 'gone.plan')).code).toBe(2)
    const fewer = await site('[80, 4443]', ['same'])
    const before = await inForce(lab().host('same'))
    expect(await fewer.fleet('apply', '--plan', `${at.folder}/gone.plan`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The plan has late, and the inventory'),
    })
    expect(await inForce(lab().host('same'))).toEqual(before)
  })

  it('contacts nobody for a file that is no plan', async () => {
    const at = await site('[80]')
    await at.write({ 'c.plan': '{"hosts": []}' })
    expect(await at.fleet('apply', '--plan', 'c.plan')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('c.plan'),
    })
    expect(await at.fleet('apply', '--plan', 'none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none'),
    })
  })
})
