import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import { createPool } from '../../src/session/pool.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { failure, noAgent, unreachable, useSshd } from './session-open.ts'
import { makeKey, startSshd, until } from './session-sshd.ts'

const { sshd, open, sessions } = useSshd()

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
    const keyFile = makeKey(join(sshd().folder, 'stranger'))
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
    const before = sshd().log().length
    const keyFile = makeKey(join(sshd().folder, 'only'))
    const socket = await startAgent(join(sshd().folder, 'id_ed25519'))
    const keys = createKeyRing({ agentSocket: socket })
    const connection = sshd().connection({ keyFile })
    await expect(connectSsh(connection, { keys, hostKeys: createHostKeys() })).rejects.toThrow(
      failure('auth-refused'),
    )
    expect(sshd().log().slice(before)).not.toContain('Accepted')
  })

  it('uses the agent, then the default files', async () => {
    const socket = await startAgent(join(sshd().folder, 'id_ed25519'))
    const { keyFile: _, ...connection } = sshd().connection()
    const keys = createKeyRing({ home: '/nonexistent', agentSocket: socket })
    sessions.push(await connectSsh(connection, { keys, hostKeys: createHostKeys() }))
    execFileSync('mkdir', ['-p', join(sshd().folder, '.ssh')])
    execFileSync('cp', [join(sshd().folder, 'id_ed25519'), join(sshd().folder, '.ssh/id_ed25519')])
    const own = createKeyRing({ home: sshd().folder, agentSocket: '/nonexistent' })
    sessions.push(await connectSsh(connection, { keys: own, hostKeys: createHostKeys() }))
    expect(sessions).toHaveLength(2)
  })

  it('says when there is no key at all', async () => {
    const { keyFile: _, ...connection } = sshd().connection()
    const keys = createKeyRing({ home: '/nonexistent', agentSocket: undefined })
    await expect(connectSsh(connection, { keys, hostKeys: createHostKeys() })).rejects.toThrow(
      unreachable('no-key'),
    )
  })

  it('needs the agent for a key with a passphrase', async () => {
    const keyFile = join(sshd().folder, 'locked')
    execFileSync('cp', [join(sshd().folder, 'id_ed25519'), keyFile])
    execFileSync('chmod', ['600', keyFile])
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', keyFile])
    await expect(open({ keyFile })).rejects.toThrow(unreachable('key-encrypted'))
    const keys = createKeyRing({ agentSocket: await startAgent(join(sshd().folder, 'id_ed25519')) })
    sessions.push(await connectSsh(sshd().connection({ keyFile }), { keys, hostKeys: createHostKeys() }))
  })

  it.each([
    ['is not there', () => join(sshd().folder, 'nowhere'), 'key-unreadable'],
    ['is not a key', () => join(sshd().folder, 'sshd_config'), 'key-bad'],
    ['is the public half', () => join(sshd().folder, 'id_ed25519.pub'), 'key-bad'],
  ])('says that a key file %s', async (_, file, code) => {
    await expect(open({ keyFile: file() })).rejects.toThrow(unreachable(code))
  })

  it.each(['ecdsa', 'rsa'] as const)('takes a key of type %s', async type => {
    const keyFile = makeKey(join(sshd().folder, `user_${type}`), type)
    const authorized = join(sshd().folder, 'authorized_keys')
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
    const socket = join(sshd().folder, `agent${agents.length}`)
    const said = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' })
    agents.push(Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]))
    execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    return socket
  }
})
