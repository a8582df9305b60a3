import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { becomes, generationOf } from '../../integration/hosts/guard.ts'
import { acceptedConnections, hostRules } from '../../integration/hosts/rules.ts'
import type { Files } from '../../integration/hosts/site.ts'
import { until } from '../../integration/hosts/wait.ts'
import { FarLine } from '../far-line.ts'
import { story } from '../story.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * Round trips of 2 s, alone and with all else that a line can do to a packet; and nobody helps with a flag, but where
 * 20 s of the time to confirm are taken away.
 */

// Each of them waits most of the time.
vi.setConfig({ maxConcurrency: 20 })

const WORST = ['worst1', 'worst2', 'worst3']
const trial = useTrial('long-network', ['far', 'cut', 'kept', 'big', 'first', ...WORST], {
  untouched: ['first'],
})

const FAR = { delay: 1 }
const FAR_AND_SLOW = { delay: 1, rate: 64_000 }
const WORST_OF_ALL = { delay: 1, rate: 64_000, loss: 0.1 }

async function begin(name: string, files: Files = {}, ...args: readonly string[]): Promise<Attempt> {
  const site = await trial.newSite([name], files)
  return { site, running: site.start('apply', 'inventory.ini', ...args) }
}

const RULES = 3000
const address = (n: number) => `203.0.${Math.floor(n / 250)}.${1 + (n % 250)}`
const MANY = [
  '---\nrole: Many rules.\n---\n*filter\n{{#v4}}',
  ...Array.from({ length: RULES }, (_, n) => `-A INPUT -s ${address(n)} -p tcp --dport 8080 -j ACCEPT`),
  '{{/v4}}\nCOMMIT\n',
].join('\n')

describe.concurrent('round trips of 2 s', () => {
  it('are no hindrance', async () => {
    await FarLine.to(trial.lab, 'far', FAR)
    await trial.ends(await begin('far'), 0, { far: 'persisted' })
  })

  it('and a cut of 20 s in the middle of the connection that would confirm: it does, while there is time', async () => {
    const line = await FarLine.to(trial.lab, 'cut', FAR)
    const before = await acceptedConnections(trial.host('cut'))
    const attempt = await begin('cut', {}, '--confirm-timeout', '150')
    await until(
      () => acceptedConnections(trial.host('cut')),
      count => count === before + 2,
    )
    await line.cut()
    await sleep(20_000)
    await line.shape(FAR)
    await trial.ends(attempt, 0, { cut: 'persisted' })
  })

  it('and the end of the arming session never arrives: the guard gives up, and the second try comes through', async () => {
    const line = await FarLine.to(trial.lab, 'kept', FAR)
    const attempt = await begin('kept')
    await becomes(trial.host('kept'), /^ARMED/)
    await line.cut('out')
    await becomes(trial.host('kept'), /^DISARMED/)
    await trial.isOn('kept', 'OLD')
    await line.shape(FAR)
    await trial.ends(attempt, 0, { kept: 'persisted' })
    const steps = await story(attempt.site, 'kept')
    expect(steps.filter(one => one === 'arming')).toHaveLength(2)
  })

  it('and 64 kbit/s at first contact, packages and all', async () => {
    await FarLine.to(trial.lab, 'first', FAR_AND_SLOW)
    await trial.says(await begin('first'), 0, { first: 'persisted' })
    expect(await generationOf(trial.host('first'))).toBe(1)
  })

  it.each(WORST)('and 64 kbit/s and each tenth packet lost: %s is what fleet says', async name => {
    await FarLine.to(trial.lab, name, WORST_OF_ALL, Number(name.at(-1)))
    const attempt = await begin(name)
    const { code, hosts } = await attempt.running.verdict()
    expect(hosts[name]).toMatch(/^(persisted|reverted|unreachable|failed)\b/)
    await trial.ends(attempt, code, hosts)
  })
})

describe.concurrent('64 kbit/s', () => {
  it('carry an input that takes longer than a connection may be silent', async () => {
    await FarLine.to(trial.lab, 'big', { rate: 64_000 })
    const attempt = await begin('big', {
      'group_vars/web.yml': 'fleet_roles: [base, web, many, final]\n',
      'templates/many.hbs': MANY,
    })
    await trial.says(attempt, 0, { big: 'persisted' })
    expect((await hostRules(trial.host('big'))).split('--dport 8080 ')).toHaveLength(RULES + 1)
  })
})
