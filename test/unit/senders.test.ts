import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../integration/hosts/wait.ts'

/* docs/senders/fleet-ban, with a fleet that only writes down what it was called with. Who sends is not trusted. */

const FLEET_BAN = resolve('docs/senders/fleet-ban')
const BOUNCER = resolve('docs/senders/crowdsec/fleet-bouncer')

/** Refuses a list that has a protected address in it, waits for leave, and says what it got. */
const FLEET = `#!/bin/sh
[ "$1 $2" != 'block -' ] || list=$(sort | tr '\\n' ' ')
echo "$1 $2 | $list" >>"$HOME/calls"
while [ -e "$HOME/hold" ]; do sleep 0.02; done
case "$2 $list" in *192.0.2.1*) exit 1 ;; esac
`
let home = ''

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fleet-senders-'))
  mkdirSync(join(home, 'inventory'))
  writeFileSync(join(home, 'fleet'), FLEET)
  chmodSync(join(home, 'fleet'), 0o755)
})
afterEach(() => {
  ends()
  rmSync(home, { recursive: true, force: true })
})

function send(lines: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { status, stderr } = spawnSync(FLEET_BAN, [join(home, 'inventory'), 'web1'], {
    input: lines.map(line => `${line}\n`).join(''),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: home, FLEET: join(home, 'fleet'), ...more },
  })
  return { status, stderr }
}

const file = (name: string) => (existsSync(join(home, name)) ? readFileSync(join(home, name), 'utf8') : '')
const calls = () => file('calls').split('\n').slice(0, -1)
const called = (times: number) =>
  until(
    async () => calls(),
    ({ length }) => length >= times,
  )
/** Whoever works holds this to the end. */
const ends = () => {
  const state = join(home, '.local/state/fleet/senders/web1')
  if (existsSync(state)) for (const lock of ['turn', 'work']) spawnSync('flock', [join(state, lock), 'true'])
}

it('makes two runs of a storm', async () => {
  writeFileSync(join(home, 'hold'), '')
  send(['ban 203.0.113.1'])
  await called(1)
  for (const last of [2, 3, 4, 5, 6]) send([`ban 203.0.113.${last}`])
  send(['unban 203.0.113.4', 'unban 203.0.113.9'])
  rmSync(join(home, 'hold'))
  await called(4)
  ends()
  const [first, second, ...others] = calls()
  expect([first, second]).toEqual([
    'block - | 203.0.113.1 ',
    'block - | 203.0.113.2 203.0.113.3 203.0.113.5 203.0.113.6 ',
  ])
  expect(others.toSorted()).toEqual(['unblock 203.0.113.4 | ', 'unblock 203.0.113.9 | '])
})

it('blocks the others where one is protected', async () => {
  send(['ban 192.0.2.1', 'ban 192.0.2.2'])
  await called(3)
  ends()
  expect(calls().slice(1).toSorted()).toEqual(['block 192.0.2.1 | ', 'block 192.0.2.2 | '])
})

it.each([
  'ban 203.0.113.9; reboot',
  'ban $(reboot)',
  'ban `reboot`',
  'ban --even-so',
  'ban -',
  'ban 10.0.0.0/8',
  'ban 10.0.0.1-10.0.0.9',
  'ban deadbeef',
  'kill 203.0.113.9',
  'ban',
  `ban ${'1.'.repeat(25)}`,
])('takes nothing of a message with `%s`', line => {
  const { status, stderr } = send(['ban 203.0.113.8', line])
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/line 2: not `ban ADDRESS`/)
  expect(calls()).toEqual([])
  expect(file('.local/state/fleet/senders/web1/queue')).toBe('')
})

it('takes so many bans in an hour, and unbans beyond that', async () => {
  const few = { FLEET_BAN_MOST: '2' }
  expect(send(['ban 203.0.113.1', 'ban 203.0.113.2'], few).status).toBe(0)
  await called(1)
  expect(send(['ban 203.0.113.3'], few)).toEqual({
    status: 1,
    stderr: expect.stringMatching(/more than 2 bans/),
  })
  expect(send(['unban 203.0.113.1'], few).status).toBe(0)
  await called(2)
  ends()
})

it('does again what one that was killed has left', async () => {
  mkdirSync(join(home, '.local/state/fleet/senders/web1'), { recursive: true })
  writeFileSync(join(home, '.local/state/fleet/senders/web1/batch'), 'ban 203.0.113.7\n')
  send(['ban 203.0.113.8'])
  await called(1)
  ends()
  expect(calls()).toEqual(['block - | 203.0.113.7 203.0.113.8 '])
})

it.each(['../web1', 'web 1', '.x', 'a"b'])('has no sender called `%s`', name => {
  const { status } = spawnSync(FLEET_BAN, [join(home, 'inventory'), name], {
    input: 'ban 203.0.113.1\n',
    env: { PATH: process.env.PATH, HOME: home },
  })
  expect(status).toBe(1)
})

it("knows CrowdSec's words", () => {
  const { status, stderr } = spawnSync(BOUNCER, ['captcha', '203.0.113.1'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'fleet-bouncer: add or del, not captcha\n' })
})
