import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { failure, noAgent, unreachable, useSshd } from './session-open.ts'
import { startSshd, until } from './session-sshd.ts'

const { sshd, open } = useSshd()

describe('a script', () => {
  it('runs as root with its arguments, its input and where the connection came from', async () => {
    const session = await open()
    const answer = await session.run({
      script: 'echo "$1|$2|$3"; id -un >&2; cat; exit 3',
      args: ["it's", 'a b'],
      stdin: 'héllo',
      timeout: 5000,
    })
    expect(answer).toEqual({
      code: 3,
      stdout: expect.stringMatching(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\|it's\|a b\nhéllo$/),
      stderr: 'root\n',
    })
  })

  it('is answered when it asks, and hears nothing more after that', async () => {
    const session = await open()
    const heard: string[] = []
    const answer = await session.run({
      script: 'read -r a; echo "got $a"; printf "as"; sleep 0.1; echo k; read -r b; cat; echo "then $b"',
      stdin: 'first\n',
      answer: { to: 'ask', with: 'second\n', heard: line => heard.push(line) },
      timeout: 5000,
    })
    expect(answer).toMatchObject({ code: 0, stdout: 'got first\nask\nthen second\n' })
    expect(heard).toEqual(expect.arrayContaining(['got first', 'ask', 'then second']))
  })

  it('that has a syntax error did start', async () => {
    const session = await open()
    const answer = await session.run({ script: 'if then', timeout: 5000 })
    expect(answer).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('yntax error') })
  })

  it('waits for the one before it', async () => {
    const session = await open()
    const script = 'mkdir "$2" || exit 9; sleep 0.2; rmdir "$2"'
    const run = { script, args: [join(sshd().folder, 'busy')], timeout: 5000 }
    const answers = await Promise.all([session.run(run), session.run(run), session.run(run)])
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0])
  })

  it('that is killed has no answer', async () => {
    const session = await open()
    const answer = await session.run({ script: 'echo before; kill -9 $$', timeout: 5000 })
    expect(answer).toEqual({ code: null, stdout: 'before\n', stderr: '' })
  })

  it('takes 5 MB and gives them back', async () => {
    const session = await open()
    const stdin = Buffer.alloc(5_000_000, 'a long line of text that is not so easily divided\n')
    const answer = await session.run({ script: 'sha256sum; echo', stdin, timeout: 20_000 })
    expect(answer.stdout.split(' ')[0]).toBe(createHash('sha256').update(stdin).digest('hex'))
    const back = await session.run({ script: 'cat', stdin, timeout: 20_000 })
    expect(back.stdout === stdin.toString()).toBe(true)
  })

  it('may leave its input unread', async () => {
    const session = await open()
    const stdin = Buffer.alloc(5_000_000)
    expect(await session.run({ script: 'exit 4', stdin, timeout: 5000 })).toMatchObject({ code: 4 })
    expect(await session.run({ script: 'exit 5', timeout: 5000 })).toMatchObject({ code: 5 })
  })

  it('ends when its time is over, and the next one runs', async () => {
    const session = await open()
    await expect(session.run({ script: 'sleep 60', timeout: 100 })).rejects.toThrow(
      failure('exec-timeout', { hostState: 'unknown' }),
    )
    expect(await session.run({ script: 'echo next', timeout: 5000 })).toMatchObject({ stdout: 'next\n' })
  })

  it('that writes too much is ended, and not kept', async () => {
    const session = await open()
    const before = process.memoryUsage().arrayBuffers
    await expect(session.run({ script: 'yes', timeout: 20_000, maxOutput: 1_000_000 })).rejects.toThrow(
      failure('output-too-large', { args: { bytes: 1_000_000 } }),
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    expect(await session.run({ script: 'echo next', timeout: 5000 })).toMatchObject({ stdout: 'next\n' })
  })

  it('may say a lot on stderr, of which the beginning is kept', async () => {
    const session = await open()
    const script = 'echo first >&2; head -c 3000000 /dev/zero >&2; echo done'
    const answer = await session.run({ script, timeout: 10_000 })
    expect(answer).toMatchObject({ code: 0, stdout: 'done\n', stderr: expect.stringMatching(/^first\n/) })
    expect(answer.stderr.length).toBeLessThanOrEqual(65_536)
  })
})

/** What sshd logs of a client that says that it goes, and not of one whose socket just closed. */
const GOODBYE = 'Received disconnect from'
describe('the end of a connection', () => {
  it('is seen by sshd at once', async () => {
    const seeing = await startSshd()
    const session = await connectSsh(seeing.connection(), { keys: noAgent(), hostKeys: createHostKeys() })
    await session.run({ script: 'true', timeout: 5000 })
    expect(seeing.sessions()).toBeGreaterThan(0)
    await session.close()
    await seeing.said(GOODBYE)
    await until(() => seeing.sessions() === 0)
    await expect(session.close()).resolves.toBeUndefined()
    await expect(session.run({ script: 'true', timeout: 5000 })).rejects.toThrow(failure('connection-lost'))
    await seeing.stop()
  })

  it('is not waited for where sshd hangs', async () => {
    const hanging = await startSshd()
    const options = { keys: noAgent(), hostKeys: createHostKeys() }
    const session = await connectSsh(hanging.connection(), options)
    const run = session.run({ script: 'kill -STOP "$PPID"; sleep 60', timeout: 500 })
    await expect(run).rejects.toThrow(failure('exec-timeout'))
    await session.close()
    await hanging.stop()
  })

  it('in the middle of a script leaves it unknown', async () => {
    const session = await open()
    const script = 'echo here; kill -9 "$(ps -o ppid= -p $$)"; sleep 60'
    await expect(session.run({ script, timeout: 10_000 })).rejects.toThrow(
      failure('connection-lost', { hostState: 'unknown' }),
    )
    await expect(session.close()).resolves.toBeUndefined()
  })

  it('before anything ran is unreachable', async () => {
    const session = await open()
    await session.close()
    await expect(session.run({ script: 'true', timeout: 5000 })).rejects.toThrow(
      unreachable('connection-lost'),
    )
  })

  it('comes with the signal', async () => {
    const stop = new AbortController()
    const session = await open({}, { signal: stop.signal })
    const running = session.run({ script: 'echo; sleep 60', timeout: 10_000 })
    await until(() => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes('sleep 60'))
    stop.abort()
    await expect(running).rejects.toThrow(failure('aborted'))
    await session.close()
  })
})
