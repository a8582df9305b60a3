import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/model/connection.ts'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import { quote } from '../../src/session/quote.ts'
import type { Run } from '../../src/session/session.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { PASSWORD, SHELLS, type Sshd, startSshd } from './session-sshd.ts'

let sshd: Sshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.stop())

async function run(changes: Partial<Connection>, run: Partial<Run> & { script: string }) {
  const options = { keys: createKeyRing({ agentSocket: undefined }), hostKeys: createHostKeys() }
  const session = await connectSsh(sshd.connection(changes), options)
  try {
    return await session.run({ timeout: 10_000, ...run })
  } finally {
    await session.close()
  }
}
const refused = (code: string, more = {}) => expect.objectContaining({ code, hostState: 'failed', ...more })

const WORDS = [
  '',
  ' ',
  "it's",
  'say "hi"',
  'a\\',
  "\\'",
  '\\\\n',
  '!',
  '!!',
  "'!'",
  'x!y\\!z',
  '$HOME $(id) `id`',
  '$\u007bHOME}',
  '~ * ? [a] {a,b}',
  '# ; & | < > ( ) ^ % = @ :',
  '-n',
  '\u00e4\u{1f525}',
  '$',
  '\\',
  "'",
]

describe.each(Object.entries(SHELLS))('the login shell of %s (%s)', (user, shell) => {
  const here = existsSync(shell)

  it('hands over every word as it is', async ({ skip }) => {
    skip(!here, `${shell} is not installed`)
    const script = 'shift; for word; do printf "<%s>\\n" "$word"; done; exit 7'
    const answer = await run({ user }, { script, args: WORDS })
    expect(answer).toEqual({ code: 7, stdout: WORDS.map(word => `<${word}>\n`).join(''), stderr: '' })
  })

  it('says who connected', async ({ skip }) => {
    skip(!here, `${shell} is not installed`)
    const answer = await run({ user }, { script: 'echo "$1"' })
    expect(answer.stdout).toMatch(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\n$/)
  })

  it('reads a quoted word as one', ({ skip }) => {
    skip(!here, `${shell} is not installed`)
    const line = `printf %s. ${WORDS.map(quote).join(' ')}`
    const flags = { '/usr/bin/csh': ['-f'], '/usr/bin/tcsh': ['-f'], '/usr/bin/busybox': ['sh'] }[shell] ?? []
    expect(execFileSync(shell, [...flags, '-c', line], { encoding: 'utf8' })).toBe(
      WORDS.map(w => `${w}.`).join(''),
    )
  })
})

describe('a login shell', () => {
  it('that prints puts nothing into the answer', async () => {
    const files = { 'fs-bash': '.bashrc', 'fs-csh': '.cshrc', 'fs-tcsh': '.tcshrc' }
    for (const [user, file] of Object.entries(files)) {
      writeFileSync(join(sshd.folder, user, file), 'echo Welcome; printf "no newline"\n')
      if (!existsSync(SHELLS[user] ?? '')) continue
      expect(await run({ user }, { script: 'echo mine' })).toEqual({ code: 0, stdout: 'mine\n', stderr: '' })
    }
  })

  it('of fish that prints puts nothing into the answer', async ({ skip }) => {
    skip(!existsSync('/usr/bin/fish'), 'fish is not installed')
    const folder = join(sshd.folder, 'fs-fish/.config/fish')
    mkdirSync(folder, { recursive: true })
    execFileSync('chown', ['-R', '64002', join(sshd.folder, 'fs-fish')])
    writeFileSync(join(folder, 'config.fish'), 'echo Welcome\n')
    expect(await run({ user: 'fs-fish' }, { script: 'echo mine' })).toEqual({
      code: 0,
      stdout: 'mine\n',
      stderr: '',
    })
  })

  it('that runs nothing is not taken for an answer', async () => {
    await expect(run({ user: 'fs-nologin' }, { script: 'true' })).rejects.toThrow(
      refused('shell-refused', { args: expect.objectContaining({ code: 1, user: 'fs-nologin' }) }),
    )
  })

  it('with a forced command is not taken for an answer, not even a good one', async () => {
    const authorized = join(sshd.folder, 'authorized_keys')
    const before = readFileSync(authorized, 'utf8')
    writeFileSync(authorized, `command="echo forced" ${before}`)
    await expect(run({}, { script: 'true' })).rejects.toThrow(refused('shell-refused'))
    writeFileSync(authorized, before)
  })
})

describe('sudo', () => {
  const asRoot = { script: 'id -u; echo "$1|$2"; cat', args: ["it's"], stdin: 'input\n' }

  it('runs the script as root, and it still knows who connected', async () => {
    const answer = await run({ user: 'fs-sudo', become: true }, asRoot)
    expect(answer).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^0\n127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\|it's\ninput\n$/),
      stderr: '',
    })
  })

  it('gives the exit code of the script, 1 included', async () => {
    const connection = { user: 'fs-sudo', become: true }
    const script = 'echo "sudo: a password is required" >&2; exit 1'
    expect(await run(connection, { script })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'sudo: a password is required\n',
    })
  })

  it.each(['fs-nosudo', 'fs-pass'])('that refuses %s is an error, and never asks', async user => {
    await expect(run({ user, become: true }, asRoot)).rejects.toThrow(
      refused('sudo-refused', { args: expect.objectContaining({ user, withPassword: false }) }),
    )
  })

  it('gets the password, and the script only its input', async () => {
    const answer = await run({ user: 'fs-pass', become: true, becomePassword: PASSWORD }, asRoot)
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0\n.*\ninput\n$/), stderr: '' })
  })

  it('that needs no password gets none, and neither does the script', async () => {
    const answer = await run({ user: 'fs-sudo', become: true, becomePassword: PASSWORD }, asRoot)
    expect(answer.stdout).toMatch(/^0\n.*\ninput\n$/)
    expect(answer.stdout + answer.stderr).not.toContain(PASSWORD)
  })

  it.each([
    ['fs-sudo', 'none'],
    ['fs-pass', 'a password'],
  ])('hands on what is said later (%s, %s)', async (user, needs) => {
    const connection = { user, become: true, ...(needs === 'none' ? {} : { becomePassword: PASSWORD }) }
    const answer = await run(connection, {
      script: 'read -r a; echo "got $a"; echo ask; read -r b; cat; echo "then $b"',
      stdin: 'first\n',
      answer: { to: 'ask', with: 'second\n' },
    })
    expect(answer).toMatchObject({ code: 0, stdout: 'got first\nask\nthen second\n' })
  })

  it('that gets a wrong password is not asked twice', async () => {
    const connection = { user: 'fs-pass', become: true, becomePassword: 'wrong' }
    await expect(run(connection, asRoot)).rejects.toThrow(refused('sudo-password-wrong'))
  })

  it('that refuses with a password says so', async () => {
    const connection = { user: 'fs-nosudo', become: true, becomePassword: PASSWORD }
    await expect(run(connection, asRoot)).rejects.toThrow(/sudo-(refused|password-wrong)/)
  })

  it('that is not there is another error', async () => {
    const bare = await startSshd({ config: 'SetEnv PATH=/nonexistent' })
    const options = { keys: createKeyRing({ agentSocket: undefined }), hostKeys: createHostKeys() }
    const session = await connectSsh(bare.connection({ user: 'fs-sudo', become: true }), options)
    await expect(session.run({ script: 'true', timeout: 5000 })).rejects.toThrow(refused('sudo-missing'))
    await session.close()
    await bare.stop()
  })
})
