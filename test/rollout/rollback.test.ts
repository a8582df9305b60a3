import { beforeAll, describe, expect, it } from 'vitest'
import { becomes, generationOf } from '../integration/hosts/guard.ts'
import { inForce, inForceOn } from '../integration/hosts/rules.ts'
import { makeSite, type Running, type Site, step } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* The way back: every host to a generation of its own, guarded, as a command and after a rollout that failed. */

const NAMES = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'bad', 'd1', 'bad2', 'f1', 'f2']
const lab = useTestLab('rollback', [...NAMES, 'new1', 'new2'], { packages: true })

const site = (
  names: readonly string[],
  ports: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Site> =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n`, ...files })
const on = (names: readonly string[]) => inForceOn(names.map(name => lab().host(name)))
const runOf = ({ events }: Running) => {
  const [first] = events
  return first?.type === 'run-started' ? first.run : ''
}

let old: Awaited<ReturnType<typeof on>>

beforeAll(async () => {
  await (await site(NAMES, '[80]')).mustApply()
  old = await on(NAMES)
})

const oldOf = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, old[name]]))

describe.concurrent('fleet rollback', () => {
  it('of a run takes each host that it changed back to what that one had', async () => {
    const names = ['a1', 'a2']
    const at = await site(names, '[80, 443]')
    const running = at.start('apply')
    expect((await running.verdict()).code).toBe(0)
    expect(await on(names)).not.toEqual(oldOf(names))
    const plan = await at.fleet('rollback', runOf(running), '--check')
    expect(plan.stdout).toContain('Goes from generation 2 back to what generation 1 said.')
    const back = await at.start('rollback', runOf(running)).verdict()
    expect(back).toEqual({ code: 0, hosts: { a1: 'persisted', a2: 'persisted' } })
    expect(await on(names)).toEqual(oldOf(names))
    expect(await generationOf(lab().host('a1'))).toBe(3)
    expect(await (await site(names, '[80]')).start('apply').verdict()).toEqual({
      code: 0,
      hosts: { a1: 'unchanged', a2: 'unchanged' },
    })
    const again = await at.start('rollback', runOf(running)).verdict()
    expect(again).toEqual({ code: 3, hosts: { a1: 'refused: superseded', a2: 'refused: superseded' } })
  })

  it('of hosts goes to the generation before, or to the one that is named', async () => {
    const at = await site(['b1', 'b2'], '[80, 443]')
    expect((await at.fleet('apply')).code).toBe(0)
    expect((await at.fleet('rollback', '-l', 'b1')).stdout).toBe(
      'b1: from generation 2 back to what generation 1 said\n' +
        'b1: persisted, from generation 2 back to what generation 1 said\n',
    )
    expect(await on(['b1'])).toEqual(oldOf(['b1']))
    expect(await inForce(lab().host('b2'))).not.toEqual(old.b2)
    expect((await at.fleet('rollback', '--to', '2', '-l', 'b1')).code).toBe(0)
    expect(await inForce(lab().host('b1'))).toEqual(await inForce(lab().host('b2')))
    const missing = await at.start('rollback', '--to', '9', '-l', 'b1').verdict()
    expect(missing).toEqual({ code: 3, hosts: { b1: 'refused: host-refuses' } })
    expect(await at.fleet('rollback')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('fleet rollback RUN'),
    })
  })

  it('of a run leads back from where later runs have put back what it made', async () => {
    const names = ['f1', 'f2']
    const at = await site(names, '[80, 443]')
    const apply = async (ports: string) => {
      await at.write({ 'group_vars/web.yml': `http_ports: ${ports}\n` })
      const running = at.start('apply', '-l', 'f1')
      expect((await running.verdict()).code).toBe(0)
      return runOf(running)
    }
    const [first, second] = [await apply('[80, 443]'), await apply('[80, 8443]')]
    const refused = await at.start('rollback', first).verdict()
    expect(refused).toEqual({ code: 3, hosts: { f1: 'refused: superseded' } })
    expect((await at.start('rollback', second).verdict()).code).toBe(0)
    expect(await at.start('rollback', first).verdict()).toEqual({ code: 0, hosts: { f1: 'persisted' } })
    expect(await on(names)).toEqual(oldOf(names))
    // Nothing is left of either, and nobody is told nothing.
    const nothing = await at.fleet('rollback', await apply('[80]'))
    expect(nothing).toMatchObject({ code: 0, stdout: expect.stringContaining('on f1: nothing goes back') })
    expect((await at.fleet('history')).stdout).not.toContain('open')
    const missing = await at.fleet('rollback', '--to', '99', '-l', 'f1')
    expect(missing.stdout).toContain('The host has no generation 99. It has 1, 2, 3, 4, 5.')
  })

  it('after a rollout that failed takes back what it had changed', async () => {
    const names = ['c1', 'c2', 'bad']
    const lockout = { 'host_vars/bad.yml': 'ssh_from: [192.0.2.1]\n' }
    const at = await site(names, '[80, 443]', lockout)
    const risk = ['--accept-lockout-risk', 'all', '--confirm-timeout', '4']
    const running = at.start('apply', '--stages', '2,100%', '--on-failure', 'revert-all', ...risk)
    expect(await running.verdict()).toEqual({
      code: 3,
      hosts: { c1: 'reverted: taken-back', c2: 'reverted: taken-back', bad: 'reverted: rolled-back' },
    })
    expect(await on(names)).toEqual(oldOf(names))
  })

  it('of a run that died while it took its change back never puts that change back', async () => {
    const names = ['d1', 'bad2']
    const at = await site(names, '[80, 443]', { 'host_vars/bad2.yml': 'ssh_from: [192.0.2.1]\n' })
    const risk = ['--accept-lockout-risk', 'all', '--confirm-timeout', '4']
    const running = at.start('apply', '--stages', '1,100%', '--on-failure', 'revert-all', ...risk)
    const isHandedOver = step('d1', 'armed')
    await running.until(() => running.events.filter(isHandedOver).length === 2)
    running.child.kill('SIGKILL')
    await becomes(lab().host('d1'), /^(ROLLED_BACK|PERSISTED)/)
    const back = await at.start('rollback', runOf(running)).verdict()
    expect(back).toEqual({ code: 0, hosts: { d1: 'persisted' } })
    expect(await on(names)).toEqual(oldOf(names))
  })

  it('of a first contact leaves what stood before fleet', async () => {
    const names = ['new1', 'new2']
    const at = await site(names, '[80]')
    const running = at.start('apply')
    expect((await running.verdict()).code).toBe(0)
    const back = await at.start('rollback', runOf(running)).verdict()
    expect(back).toEqual({ code: 0, hosts: { new1: 'persisted: removed', new2: 'persisted: removed' } })
    expect(await on(names)).toEqual({ new1: ['', ''], new2: ['', ''] })
  })
})
