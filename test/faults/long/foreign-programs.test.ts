import { beforeAll, describe, expect, it } from 'vitest'
import { CROWDSEC } from '../../integration/hosts/foreign/crowdsec.ts'
import { KUBERNETES } from '../../integration/hosts/foreign/kubernetes.ts'
import { LIBVIRT } from '../../integration/hosts/foreign/libvirt.ts'
import { type ForeignProgram, run } from '../../integration/hosts/foreign/program.ts'
import { TAILSCALE } from '../../integration/hosts/foreign/tailscale.ts'
import { foreignLines, ownLines } from '../../integration/hosts/foreign.ts'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import { useTestLab } from '../../integration/hosts/test-lab.ts'
import { Trial } from '../trial.ts'
import { startWindow } from '../window.ts'

/*
 * Programs that keep rules of their own and change them while fleet's change waits to be confirmed: theirs are to the
 * byte what they made them, whatever becomes of fleet's; and none of fleet's gets lost by that.
 */

const PROGRAMS: Readonly<Record<string, ForeignProgram>> = {
  kubernetes: KUBERNETES,
  libvirt: LIBVIRT,
  tailscale: TAILSCALE,
  crowdsec: CROWDSEC,
}

const trial = new Trial(useTestLab('foreign-programs', Object.keys(PROGRAMS), { packages: true }))

const isNew = (line: string) => line.replace('--dports 80,443', '--dports 80,8443')

const programs = Object.entries(PROGRAMS)
const first = new Map<string, readonly string[]>()
const theirs = (name: string) => foreignLines(trial.host(name), markOf(name))
const own = (name: string) => ownLines(trial.host(name), markOf(name))
const markOf = (name: string) => PROGRAMS[name]?.mark ?? /never/

beforeAll(async () => {
  for (const [name, { start }] of programs) {
    await run(trial.host(name), start)
    first.set(name, await theirs(name))
  }
  await trial.settle(...Object.keys(PROGRAMS))
})

describe.concurrent.each(programs)('%s', (name, { work, rest, mark }) => {
  const host = () => trial.host(name)
  const isFirst = async () => {
    const rules = (await trial.must(name, 'iptables -S INPUT')).split('\n')
    expect(
      rules.find(line => line.startsWith('-A')),
      'its jump comes first',
    ).toMatch(mark)
  }

  /** A change that is in force and waits to be confirmed, while the program does something. */
  async function change(seconds: string, does: string) {
    const attempt = await startWindow(trial, name, seconds)
    const before = await theirs(name)
    await run(host(), does)
    const lines = await theirs(name)
    expect(lines).not.toEqual(before)
    return { attempt, before, lines }
  }

  it('keeps its chains, which change in the window, through apply, rollback and confirmation', async () => {
    expect(await theirs(name)).toEqual(first.get(name))
    const old = await own(name)
    expect(old).toContain('*filter -A INPUT -i lo -j ACCEPT')

    const back = await change('4', work)
    expect(back.before).toEqual(first.get(name))
    await becomes(host(), /ROLLED_BACK/)
    expect(await theirs(name)).toEqual(back.lines)
    expect(await own(name)).toEqual(old)
    await isFirst()
    await allowConnections(trial.lab, name)
    await trial.ends(back.attempt, 3, { [name]: 'reverted: rolled-back' }, mark)

    const stays = await change('30', rest)
    await allowConnections(trial.lab, name)
    await trial.ends(stays.attempt, 0, { [name]: 'persisted' }, mark)
    expect(await theirs(name)).toEqual(stays.lines)
    expect(await own(name)).toEqual(old.map(isNew))
    expect(old.map(isNew)).not.toEqual(old)
    await isFirst()
  })
})
