import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/model/connection.ts'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import { createPool } from '../../src/session/pool.ts'
import type { Session } from '../../src/session/session.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { makeKey, type Sshd, startSshd, until } from './session-sshd.ts'

let sshd: Sshd
const sessions: Session[] = []
beforeAll(async () => {
  sshd = await startSshd()
})
afterEach(async () => {
  await Promise.all(sessions.splice(0).map(session => session.close()))
})
afterAll(() => sshd.stop())

const noAgent = () => createKeyRing({ agentSocket: undefined })
async function open(changes: Partial<Connection> = {}, more: { signal?: AbortSignal } = {}) {
  const options = { keys: noAgent(), hostKeys: createHostKeys(sshd.folder), ...more }
  const session = await connectSsh(sshd.connection(changes), options)
  sessions.push(session)
  return session
}
const failure = (code: string, more = {}) => expect.objectContaining({ code, ...more })
const unreachable = (code: string) => failure(code, { hostState: 'unreachable' })

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
    const run = { script, args: [join(sshd.folder, 'busy')], timeout: 5000 }
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
    const session = await open()
    await session.run({ script: 'true', timeout: 5000 })
    expect(sshd.sessions()).toBeGreaterThan(0)
    const before = sshd.log().split(GOODBYE).length
    await session.close()
    await sshd.said(GOODBYE, before)
    await until(() => sshd.sessions() === 0)
    await expect(session.close()).resolves.toBeUndefined()
    await expect(session.run({ script: 'true', timeout: 5000 })).rejects.toThrow(failure('connection-lost'))
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

describe('a connection that cannot be made', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const listen = (answer: Parameters<typeof createServer>[1]) =>
    new Promise<number>(resolve => {
      const server = createServer(answer)
      servers.push(server)
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })

  it('names what is wrong with the name', async () => {
    await expect(open({ address: 'no-such-host.invalid' })).rejects.toThrow(unreachable('name-not-found'))
  })

  it('is refused where nobody listens', async () => {
    const port = await listen(() => {})
    await new Promise(resolve => servers.splice(0)[0]?.close(resolve))
    await expect(open({ port })).rejects.toThrow(unreachable('connect-refused'))
  })

  it('times out where somebody listens and is silent', async () => {
    const port = await listen(socket => socket.on('error', () => {}).resume())
    await expect(open({ port, connectTimeout: 200 })).rejects.toThrow(unreachable('handshake-timeout'))
  })

  it('times out where somebody talks and never comes to the point', async () => {
    const port = await listen(socket => {
      const talking = setInterval(() => socket.write('wait\r\n'), 50)
      socket.on('error', () => {}).on('close', () => clearInterval(talking))
    })
    await expect(open({ port, connectTimeout: 100 })).rejects.toThrow(unreachable('handshake-timeout'))
  })

  it.each([
    ['closes', 'handshake-lost', ''],
    ['is busy', 'handshake-lost', 'Exceeded MaxStartups\r\n'],
    ['speaks of something else', 'handshake-failed', 'HTTP/1.1 400 Bad Request\r\n'.repeat(2000)],
  ])('to one who %s is %s', async (_, code, text) => {
    const port = await listen(socket => socket.on('error', () => {}).end(text))
    await expect(open({ port })).rejects.toThrow(unreachable(code))
  })

  it('ends with the signal, before and while it is made', async () => {
    const port = await listen(socket => socket.on('error', () => {}).resume())
    await expect(open({ port }, { signal: AbortSignal.abort() })).rejects.toThrow(failure('aborted'))
    const stop = new AbortController()
    servers[0]?.once('connection', () => stop.abort())
    await expect(open({ port }, { signal: stop.signal })).rejects.toThrow(failure('aborted'))
  })

  it('is tried again when sshd has too many logins under way', async () => {
    const busy = await startSshd({ config: 'MaxStartups 1' })
    const squatter = connect(busy.port, '127.0.0.1').on('error', () => {})
    await new Promise(resolve => squatter.once('data', resolve))
    let slept = 0
    const { connector } = createPool({
      hosts: 1,
      starts: 1,
      random: () => 1,
      open: (connection, signal) =>
        connectSsh(connection, { keys: noAgent(), hostKeys: createHostKeys(), signal }),
      async sleep() {
        slept += 1
        squatter.destroy()
        await until(() => busy.sessions() === 0)
      },
    })
    const session = await connector(busy.connection())()
    expect(slept).toBeGreaterThan(0)
    await session.close()
    await busy.stop()
  })
})

describe('login', () => {
  it('is refused to a key that the host does not know, and says which were tried', async () => {
    const keyFile = makeKey(join(sshd.folder, 'stranger'))
    await expect(open({ keyFile })).rejects.toThrow(
      failure('auth-refused', {
        hostState: 'unreachable',
        args: expect.objectContaining({
          user: 'root',
          tried: [expect.stringMatching(/stranger \(SHA256:/)],
          methods: ['publickey'],
        }),
      }),
    )
  })

  it('tries no other key than the one that is named', async () => {
    const before = sshd.log().length
    const keyFile = makeKey(join(sshd.folder, 'only'))
    const socket = await startAgent(join(sshd.folder, 'id_ed25519'))
    const keys = createKeyRing({ agentSocket: socket })
    const connection = sshd.connection({ keyFile })
    await expect(connectSsh(connection, { keys, hostKeys: createHostKeys() })).rejects.toThrow(
      failure('auth-refused'),
    )
    expect(sshd.log().slice(before)).not.toContain('Accepted')
  })

  it('uses the agent, then the default files', async () => {
    const socket = await startAgent(join(sshd.folder, 'id_ed25519'))
    const { keyFile: _, ...connection } = sshd.connection()
    const keys = createKeyRing({ home: '/nonexistent', agentSocket: socket })
    sessions.push(await connectSsh(connection, { keys, hostKeys: createHostKeys() }))
    execFileSync('mkdir', ['-p', join(sshd.folder, '.ssh')])
    execFileSync('cp', [join(sshd.folder, 'id_ed25519'), join(sshd.folder, '.ssh/id_ed25519')])
    const own = createKeyRing({ home: sshd.folder, agentSocket: '/nonexistent' })
    sessions.push(await connectSsh(connection, { keys: own, hostKeys: createHostKeys() }))
    expect(sessions).toHaveLength(2)
  })

  it('says when there is no key at all', async () => {
    const { keyFile: _, ...connection } = sshd.connection()
    const keys = createKeyRing({ home: '/nonexistent', agentSocket: undefined })
    await expect(connectSsh(connection, { keys, hostKeys: createHostKeys() })).rejects.toThrow(
      unreachable('no-key'),
    )
  })

  it('needs the agent for a key with a passphrase', async () => {
    const keyFile = join(sshd.folder, 'locked')
    execFileSync('cp', [join(sshd.folder, 'id_ed25519'), keyFile])
    execFileSync('chmod', ['600', keyFile])
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', keyFile])
    await expect(open({ keyFile })).rejects.toThrow(unreachable('key-encrypted'))
    const keys = createKeyRing({ agentSocket: await startAgent(join(sshd.folder, 'id_ed25519')) })
    sessions.push(await connectSsh(sshd.connection({ keyFile }), { keys, hostKeys: createHostKeys() }))
  })

  it.each([
    ['is not there', () => join(sshd.folder, 'nowhere'), 'key-unreadable'],
    ['is not a key', () => join(sshd.folder, 'sshd_config'), 'key-bad'],
    ['is the public half', () => join(sshd.folder, 'id_ed25519.pub'), 'key-bad'],
  ])('says that a key file %s', async (_, file, code) => {
    await expect(open({ keyFile: file() })).rejects.toThrow(unreachable(code))
  })

  it.each(['ecdsa', 'rsa'] as const)('takes a key of type %s', async type => {
    const keyFile = makeKey(join(sshd.folder, `user_${type}`), type)
    const authorized = join(sshd.folder, 'authorized_keys')
    writeFileSync(authorized, readFileSync(authorized, 'utf8') + readFileSync(`${keyFile}.pub`, 'utf8'))
    expect(await (await open({ keyFile })).run({ script: 'echo in', timeout: 5000 })).toMatchObject({
      stdout: 'in\n',
    })
  })

  const agents: number[] = []
  afterAll(() => {
    for (const pid of agents) process.kill(pid)
  })
  async function startAgent(file: string): Promise<string> {
    const socket = join(sshd.folder, `agent${agents.length}`)
    const said = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' })
    agents.push(Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]))
    execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    return socket
  }
})
