import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { arm, type Transaction } from '../../../src/host/guard.ts'
import { observeBefore } from '../../../src/host/observe.ts'
import { installPackages } from '../../../src/host/packages.ts'
import { hostProgram, INSTALL_PROGRAM, PASS_PROGRAM, START_PROGRAM } from '../../../src/host/program.ts'
import { readStatus } from '../../../src/host/status.ts'
import { FleetError } from '../../../src/model/error.ts'
import { decideRemoval } from '../../../src/plan/removal.ts'
import type { Session } from '../../../src/session/session.ts'
import { look, transactionTo, wanted, web } from './change.ts'
import { listed, type MiniHost, put } from './mini-host.ts'
import {
  aHost,
  applied,
  armed,
  becomes,
  confirmed,
  disk,
  kill,
  leftovers,
  over,
  persisted,
  rules,
} from './steps.ts'

/* A tool that a host lacks is named before anything is armed, or it makes no difference at all. */

const FOLDERS = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin']

/** Every program of the host whose name is a word of what fleet runs there: some are words and nothing else. */
function mentioned(host: MiniHost): readonly string[] {
  const texts = [hostProgram().text, START_PROGRAM, PASS_PROGRAM, INSTALL_PROGRAM].join('\n')
  const words = new Set(texts.replaceAll(/^\s*#.*$/gm, '').match(/[\w.+-]+/g))
  const programs = FOLDERS.flatMap(folder => readdirSync(join(host.root, folder)))
  return [...new Set(programs)].filter(name => words.has(name) && name !== 'sh').toSorted()
}

/** Takes a tool away and gives it back, from outside: the host may need it for that. */
function take(host: MiniHost, tool: string): () => void {
  const there = FOLDERS.filter(folder => listed(join(host.root, folder)).includes(tool))
  const paths = there.map(
    folder => [join(host.root, folder, tool), join(host.root, folder, `.taken-${tool}`)] as const,
  )
  for (const [path, away] of paths) renameSync(path, away)
  return () => {
    for (const [path, away] of paths) renameSync(away, path)
  }
}

/** What a refusal says that is missing. Other errors are failures of the test. */
function lackedBy(error: unknown): readonly string[] {
  const lacks = error instanceof FleetError && error.code === 'host-refuses' && error.args.why === 'lacks'
  if (!lacks) throw error
  return String(error.args.detail).split(' ')
}

/** What an observation says that is missing, however it says it. */
async function lackedOver(session: Session): Promise<readonly string[]> {
  try {
    const { lacks, persistent } = await look(session, web)
    return [...lacks, ...(persistent || lacks.length > 0 ? [] : ['netfilter-persistent'])]
  } catch (error) {
    return lackedBy(error)
  }
}

const statusOver = (session: Session) =>
  readStatus(session).then(
    ({ generation, last, guard }) => ({
      generation: generation && { ...generation, nonce: '' },
      last: last?.state,
      guard: guard?.state,
    }),
    lackedBy,
  )

async function removalOver(session: Session) {
  try {
    const options = { preserve: [], replace: [], acceptLockoutRisk: true }
    const plan = decideRemoval({ host: 'h', groups: [], seen: await observeBefore(session), ...options })
    const [finding] = plan.findings
    return finding?.code === 'host-lacks' ? finding.args.tools : plan.verdict
  } catch (error) {
    return lackedBy(error)
  }
}

const forgetProgram = (host: MiniHost) => {
  for (const name of listed(join(host.root, 'var/lib/fleet')).filter(one => one.startsWith('host-')))
    rmSync(join(host.root, 'var/lib/fleet', name))
}

/** A life with sets, a rollback, a dead guard and a second change, without these tools; what stands in the end. */
async function live(host: MiniHost, tools: readonly string[]) {
  const giveBack = tools.map(tool => take(host, tool))
  const sets = 'create evil hash:net family inet\nadd evil 203.0.113.0/24\n'
  const { rules: texts } = wanted('INPUT -p tcp -m tcp --dport 80 -j ACCEPT')
  const drop = texts[4].replace('COMMIT', '-A INPUT -m set --match-set evil src -j DROP\nCOMMIT')
  const withSets = await applied(host, { rules: { ...texts, 4: drop }, sets })
  // A boot that loads something else into a set.
  const other = 'usr/share/netfilter-persistent/plugins.d/13-other'
  put(host, other, '#!/bin/sh\nipset add evil 198.51.100.0/24\n')
  chmodSync(join(host.root, other), 0o755)
  const unlike = (await confirmed(host, withSets)).is
  rmSync(join(host.root, other))
  expect((await confirmed(host, withSets)).is).toBe('persisted')
  const before = await rules(host)
  await becomes(host, await applied(host, web, { confirmTimeout: 500 }), 'ROLLED_BACK-deadline')
  expect(await rules(host)).toBe(before)
  const dead = await applied(host, web)
  await kill(host, dead)
  await expect(armed(host, web)).rejects.toMatchObject({
    code: 'host-changed',
    args: { what: 'rolled-back' },
  })
  await persisted(host, web)
  const status = await over(host, statusOver)
  put(host, 'etc/rc.local', '#!/bin/sh\niptables -A INPUT -j ACCEPT\n')
  chmodSync(join(host.root, 'etc/rc.local'), 0o755)
  const { managers, asConfirmed } = await over(host, session => look(session, web))
  for (const give of giveBack) give()
  return {
    rules: await rules(host),
    disk: (await disk(host)).replaceAll(/^\w+ (?=.*meta\.json$)/gm, ''),
    said: [unlike, status, managers, asConfirmed],
  }
}

/** As an operator would: all are gone, and what a host asks for is brought back until it is content. */
async function askedFor(host: MiniHost): Promise<readonly string[]> {
  const taken = new Map(mentioned(host).map(tool => [tool, take(host, tool)]))
  const asked: string[] = []
  for (let lacks = await over(host, lackedOver); lacks.length > 0; lacks = await over(host, lackedOver)) {
    for (const tool of lacks) taken.get(tool)?.()
    asked.push(...lacks)
  }
  for (const [tool, giveBack] of taken) if (!asked.includes(tool)) giveBack()
  return asked
}

/** What each verb says of a host that a tool was taken from. */
const hear = (host: MiniHost, transaction: Transaction) =>
  over(host, async session => ({
    lacks: await lackedOver(session),
    armed: await arm(session, transaction).then(() => ['armed'], lackedBy),
    status: await statusOver(session),
    removal: await removalOver(session),
    left: leftovers(host),
  }))

describe('a tool that is missing', () => {
  it.each(['at the first contact', 'later'])(
    'is named by everything that needs it (%s)',
    async when => {
      const host = await aHost()
      const { nonce } = await persisted(host, wanted())
      const transaction = await over(host, async session => transactionTo(await look(session, web), web))
      const status = await over(host, statusOver)
      const asked = await askedFor(host)
      // Only storing the program asks who it is.
      const needed = asked.filter(tool => when !== 'later' || tool !== 'id')
      expect(needed).toEqual(expect.arrayContaining(['sha256sum', 'setsid', 'ip6tables-restore', 'grep']))
      for (const tool of needed) {
        if (when !== 'later') forgetProgram(host)
        const giveBack = take(host, tool)
        const heard = await hear(host, transaction)
        giveBack()
        const either = <T>(said: T, is: T) => (isDeepStrictEqual(said, [tool]) ? said : is)
        expect({ tool, ...heard }).toEqual({
          tool,
          lacks: [tool],
          armed: [tool],
          status: either<unknown>(heard.status, status),
          removal: either<unknown>(heard.removal, 'change'),
          left: [nonce, nonce],
        })
      }
    },
    120_000,
  )

  it.each(['at the first contact', 'later'])(
    'and not named makes no difference (%s)',
    async when => {
      const host = await aHost()
      if (when === 'later') await over(host, lackedOver)
      const asked = await askedFor(host)
      const spare = mentioned(host).filter(tool => !asked.includes(tool))
      if (when !== 'later') forgetProgram(host)
      expect(await live(host, spare), `without ${spare.join(' ')}`).toEqual(await live(await aHost(), []))
    },
    120_000,
  )

  it('is named by the package step', async () => {
    const host = await aHost({ bare: true })
    take(host, 'apt-get')
    await expect(over(host, session => installPackages(session, 1000))).rejects.toMatchObject({
      code: 'packages-refused',
      args: { why: 'lacks', detail: 'apt-get' },
    })
  })
})
