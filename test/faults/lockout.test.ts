import { createInterface } from 'node:readline'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { becomes, secondsUntilBack } from '../integration/hosts/guard.ts'
import { hostRules } from '../integration/hosts/rules.ts'
import type { Files, Site } from '../integration/hosts/site.ts'
import { until } from '../integration/hosts/wait.ts'
import { hold, isAwaited, isHeld, letGo } from './hold.ts'
import { stateOf } from './strike.ts'
import { SECONDS, useTrial } from './trial.ts'

/*
 * Rules that lock the controller out, each in its own way: refused, and where somebody insists, taken back by the
 * host itself. Rules that only look so stay.
 */

interface Wish {
  /** What a template says before all the others. */
  readonly rules: readonly string[]
  readonly roles?: string
  readonly vars?: string
}

const input = (...rules: readonly string[]): Wish => ({
  rules: ['*filter', ...rules.map(rule => `-A INPUT ${rule}`), 'COMMIT'],
})
const early = (table: string, rule: string): Wish => ({ rules: [`*${table}`, `-A ${rule}`, 'COMMIT'] })
const NEW_SSH = '-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW'

const LOCKOUTS: Readonly<Record<string, Wish>> = {
  // Without base: what is left is a policy.
  policy: { rules: ['*filter', ':INPUT DROP [0:0]', 'COMMIT'], roles: 'l_policy' },
  closed: { rules: [], vars: 'ssh_from: []' },
  rejecting: input('-p tcp --dport 22 -j REJECT'),
  // The old connection lives on and proves nothing.
  stateful: input(
    '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-p tcp -m conntrack --ctstate NEW -j DROP',
  ),
  outpolicy: { rules: ['*filter', ':OUTPUT DROP [0:0]', 'COMMIT'] },
  outward: early('filter', 'OUTPUT -p tcp --sport 22 -j DROP'),
  // IPv4, by which the controller comes, and IPv6 stand and fall together.
  six: {
    rules: [
      '*filter',
      '{{#v4}}',
      '-A INPUT -p tcp --dport 22 -j DROP',
      '{{/v4}}',
      '{{#v6}}',
      '-A INPUT -p tcp --dport 443 -j DROP',
      '{{/v6}}',
      'COMMIT',
    ],
  },
  // What evaluates the table filter alone doesn't see these.
  raw: early('raw', 'PREROUTING -p tcp --dport 22 -j DROP'),
  mangle: early('mangle', 'PREROUTING -p tcp --dport 22 -j DROP'),
  security: early('security', 'INPUT -p tcp --dport 22 -j DROP'),
  elsewhere: early('nat', 'PREROUTING -p tcp --dport 22 -j REDIRECT --to-ports 2022'),
  sys: input('-p tcp --dport 22 -j DROP'),
  // fleet comes by the second port of sshd, and the rules know of the first alone.
  otherport: { rules: [], vars: 'ansible_port: 2222\nssh_port: 22' },
}

const COUNT = `${NEW_SSH} -m recent --name fleet --set`
const LIMITS: Readonly<Record<string, Wish>> = {
  // The arming connection is the first that counts, so the one that would confirm is the second.
  recent: input(COUNT, `${NEW_SSH} -m recent --name fleet --rcheck --seconds 600 --hitcount 2 -j DROP`),
  // Somebody else at the controller's address is faster.
  hashlimit: input(
    `${NEW_SSH} -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name once -j DROP`,
  ),
}

const HARMLESS: Readonly<Record<string, Wish>> = {
  forward: early('filter', 'FORWARD -p tcp --dport 22 -j DROP'),
  secondport: { rules: [], vars: 'ansible_port: 2222' },
}

/** What hosts began with that need it so; the others are as all hosts of a trial. */
const BEFORE: Readonly<Record<string, Wish>> = {
  otherport: { rules: [], vars: 'ansible_port: 2222' },
  secondport: { rules: [], vars: 'ansible_port: 2222' },
  recent: input(COUNT),
}

const trial = useTrial(
  'lockout',
  [...Object.keys({ ...LOCKOUTS, ...LIMITS, ...HARMLESS }), 'neighbours'].map(name => ({
    name,
    systemd: name === 'sys',
    ...(name.endsWith('port') ? { port: 2222 } : {}),
  })),
  { untouched: Object.keys(BEFORE) },
)
beforeAll(async () => {
  await (await trial.oldSite(...asking(BEFORE))).mustApply()
  await trial.remember(...Object.keys(BEFORE))
})

/** The rows and files of a folder in which hosts ask for this. */
function asking(wishes: Readonly<Record<string, Wish>>): readonly [rows: readonly string[], files: Files] {
  const files = Object.entries(wishes).map(([name, { rules, roles, vars = '' }]): Files => {
    const list = roles ?? `l_${name}, base, web, final`
    return {
      [`templates/l_${name}.hbs`]: ['---', 'role: A lockout.', '---', ...rules, ''].join('\n'),
      [`host_vars/${name}.yml`]: `fleet_roles: [${list}]\n${vars}\n`,
    }
  })
  return [Object.keys(wishes), Object.assign({}, ...files)]
}
const asks = async (wishes: Readonly<Record<string, Wish>>): Promise<Site> =>
  await trial.newSite(...asking(wishes))

const all = (wishes: object, said: string) =>
  Object.fromEntries(Object.keys(wishes).map(name => [name, said]))
const REVERTED = 'reverted: rolled-back'
const FORCE = ['--accept-lockout-risk', 'all']

/** A login from before the change, which answers what it is told. */
function openLogin(host: string): (line: string) => Promise<string> {
  const login = trial.lab.spawn(['ssh', ...trial.lab.sshArguments(host), 'echo ready; exec cat'], {
    stdio: 'pipe',
  })
  const { stdin, stdout } = login
  if (!stdin || !stdout) throw new Error('ssh was started without pipes')
  onTestFinished(() => void login.kill())
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async line => {
    if (line !== '') stdin.write(`${line}\n`)
    return String((await lines.next()).value)
  }
}

describe('rules that would lock the controller out', () => {
  it('are refused before anything changes, and say which rule it is', async () => {
    const site = await asks(LOCKOUTS)
    const { stdout } = await site.fleet('apply', 'inventory.ini', '--confirm-timeout', String(SECONDS))
    expect(stdout).toMatch(
      /^stateful: refused: .*lock fleet out.*-A INPUT -p tcp -m conntrack --ctstate NEW -j DROP/m,
    )
    expect(stdout).toContain('--accept-lockout-risk')
    await trial.ends(trial.start(site), 3, {
      ...all(LOCKOUTS, 'refused: lockout-in'),
      outpolicy: 'refused: lockout-out',
      outward: 'refused: lockout-out',
    })
  })

  it('and are forced, are taken back by the host itself, both families, within its time', async () => {
    const login = openLogin('stateful')
    expect(await login('')).toBe('ready')
    const attempt = trial.start(await asks(LOCKOUTS), ...FORCE)
    const stateful = () => hostRules(trial.host('stateful'), 6)
    await until(stateful, save => save.includes('--ctstate NEW -j DROP'))
    expect(await login('an old connection proves nothing')).toBe('an old connection proves nothing')
    await trial.ends(attempt, 3, all(LOCKOUTS, REVERTED))
    for (const name of Object.keys(LOCKOUTS)) {
      // What failed to load, or was loaded as something else, would be taken back too.
      expect([name, await stateOf(trial.host(name))]).toEqual([name, 'ROLLED_BACK-deadline'])
      expect(await secondsUntilBack(trial.host(name))).toBeLessThan(SECONDS + 5)
    }
  })

  it('by a limit that lets one connection in are not refused, and are taken back too', async () => {
    const host = trial.host('hashlimit')
    await hold(host, 'applying')
    const attempt = trial.start(await asks(LIMITS))
    await isHeld(host)
    await isAwaited(host)
    attempt.running.child.kill('SIGSTOP')
    await letGo(host)
    await becomes(host, /^APPLIED/)
    expect(await openLogin('hashlimit')('')).toBe('ready')
    attempt.running.child.kill('SIGCONT')
    await trial.ends(attempt, 3, all(LIMITS, REVERTED))
  })

  it('leave no trace of the attempt, and the next apply finds nothing to do', async () => {
    const { otherport: _, ...others } = LOCKOUTS
    await trial.ends(trial.start(await trial.oldSite(Object.keys(others))), 0, all(others, 'unchanged'))
  })
})

describe('rules that only look so', () => {
  it('stay: what is forwarded is not for the host, and one port of sshd is enough', async () => {
    const attempt = trial.start(await asks(HARMLESS))
    await trial.says(attempt, 0, all(HARMLESS, 'persisted'))
    expect(await hostRules(trial.host('forward'))).toContain('-A FORWARD -p tcp -m tcp --dport 22 -j DROP')
    await trial.isOn('secondport', 'NEW')
  })
})

describe('rules without neighbour discovery', () => {
  const SSH_ALONE = (chain: string, side: string): readonly string[] => [
    '*filter',
    // A policy that nobody says stays.
    ...['INPUT', 'OUTPUT'].map(one => `:${one} ${one === chain ? 'DROP' : 'ACCEPT'} [0:0]`),
    `-A ${chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${chain} -p tcp -m tcp --${side} 22 -j ACCEPT`,
    'COMMIT',
  ]
  const asksFor = (address: string, ...rules: readonly string[]) =>
    trial.newSite([`neighbours ansible_host=${address}`], {
      'templates/own.hbs': ['---', 'role: Of a test.', '---', ...rules, ''].join('\n'),
      'group_vars/all.yml': `fleet_roles: [${rules.length > 0 ? 'own, web' : 'base, web, final'}]\n`,
    })

  it.each([
    ['in', 'INPUT', 'dport'],
    ['out', 'OUTPUT', 'sport'],
  ])('are refused where fleet comes by IPv6: none comes or goes %s', async (way, chain, side) => {
    const site = await asksFor(trial.host('neighbours').address6, ...SSH_ALONE(chain, side))
    await trial.ends(trial.start(site), 3, { neighbours: `refused: lockout-neighbours-${way}` })
  })

  it('stay where it comes by IPv4', async () => {
    const site = await asksFor(trial.host('neighbours').address4, ...SSH_ALONE('INPUT', 'dport'))
    await trial.says(trial.start(site), 0, { neighbours: 'persisted' })
    expect(await hostRules(trial.host('neighbours'), 6)).toContain(':INPUT DROP')
  })

  it('are gone by IPv6 with those that let it in, and the host is found again when nobody remembers it', async () => {
    const host = trial.host('neighbours')
    await trial.must('neighbours', 'ip6tables -P INPUT ACCEPT')
    const site = await asksFor(host.address6)
    await trial.says(trial.start(site), 0, { neighbours: 'persisted' })
    await trial.lab.run(['ip', '-6', 'neigh', 'flush', 'all'])
    await trial.must('neighbours', 'ip -6 neigh flush all')
    await trial.says(trial.start(site), 0, { neighbours: 'unchanged' })
  })
})
