import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/model/connection.ts'
import { createHostKeys, type HostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import type { Session } from '../../src/session/session.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { makeKey, type Sshd, startSshd } from './session-sshd.ts'

const ADDRESSES = Array.from({ length: 10 }, (_, index) => `127.0.1.${index + 1}`)
/** sshd takes 16 addresses at most. */
const LISTENING = ['MaxStartups 100', ...ADDRESSES.map(address => `ListenAddress ${address}`)].join('\n')
let sshd: Sshd
let count = 0
const sessions: Session[] = []
beforeAll(async () => {
  sshd = await startSshd({ config: LISTENING })
})
afterEach(async () => {
  await Promise.all(sessions.splice(0).map(session => session.close()))
})
afterAll(() => sshd.stop())

/** Connects with a known_hosts of these lines. */
async function open(lines: readonly string[], changes: Partial<Connection> = {}, hostKeys?: HostKeys) {
  const file = join(sshd.folder, `known_hosts_${count++}`)
  writeFileSync(file, lines.map(line => `${line}\n`).join(''))
  const connection = sshd.connection({ knownHostsFiles: [file], ...changes })
  const keys = createKeyRing({ agentSocket: undefined })
  const session = await connectSsh(connection, { keys, hostKeys: hostKeys ?? createHostKeys() })
  sessions.push(session)
  return { session, file }
}
const name = () => `[127.0.0.1]:${sshd.port}`
const known = (type: 'ed25519' | 'ecdsa' | 'rsa') => `${name()} ${sshd.publicKey(type)}`
const stranger = (type: 'ed25519' | 'rsa') => {
  const file = makeKey(join(sshd.folder, `stranger_${count++}`), type)
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
}
const fingerprintOf = (file: string) =>
  execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1]
const refusal = (code: string, more = {}) =>
  expect.objectContaining({ code, hostState: 'unreachable', ...more })

describe('a host', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('known by its %s key alone is let in', async type => {
    await expect(open([known(type)])).resolves.toBeDefined()
  })

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('known by its hashed %s key alone is let in', async type => {
    const file = join(sshd.folder, `hashed_${type}`)
    writeFileSync(file, `${known(type)}\nweb9 ${stranger('ed25519')}\n`)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    const hashed = readFileSync(file, 'utf8').trim().split('\n')
    expect(hashed[0]).toMatch(/^\|1\|/)
    await expect(open(hashed)).resolves.toBeDefined()
  })

  it('that is not known is refused, with the fingerprint that ssh-keygen shows', async () => {
    await expect(open([`web9 ${sshd.publicKey('ed25519')}`])).rejects.toThrow(
      refusal('host-key-unknown', {
        args: expect.objectContaining({
          type: 'ssh-ed25519',
          fingerprint: fingerprintOf(join(sshd.folder, 'host_ed25519')),
          port: sshd.port,
        }),
      }),
    )
  })

  it('with another key is refused, even where new keys are accepted', async () => {
    const other = stranger('ed25519')
    const lines = ['# mine', `${name()} ${other}`]
    const opened = open(lines, { hostKeyChecking: 'accept-new' })
    await expect(opened).rejects.toThrow(
      refusal('host-key-changed', { at: expect.objectContaining({ line: 2 }) }),
    )
    const last = join(sshd.folder, `known_hosts_${count - 1}`)
    expect(readFileSync(last, 'utf8')).toBe(`# mine\n${name()} ${other}\n`)
  })

  it('with a key of a type that it is not known by is refused', async () => {
    const one = await startSshd({ hostKeys: ['ed25519'] })
    const line = `[127.0.0.1]:${one.port} ${stranger('rsa')}`
    await expect(open([line], { port: one.port, hostKeyChecking: 'accept-new' })).rejects.toThrow(
      refusal('host-key-changed'),
    )
    await one.stop()
  })

  it('with a revoked key is refused', async () => {
    const lines = [known('ed25519'), `@revoked * ${sshd.publicKey('ed25519')}`]
    await expect(open(lines)).rejects.toThrow(refusal('host-key-revoked'))
  })

  it('vouched for by an authority is refused, and why', async () => {
    const lines = [`@cert-authority * ${stranger('ed25519')}`]
    await expect(open(lines)).rejects.toThrow(refusal('host-key-authority'))
  })

  it('may be anybody where checking is off', async () => {
    const { file } = await open([`${name()} ${stranger('ed25519')}`], { hostKeyChecking: 'off' })
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2)
  })

  it('that is not checked is not logged in to', async () => {
    const before = sshd.log().length
    await expect(open([])).rejects.toThrow(refusal('host-key-unknown'))
    expect(sshd.log().slice(before)).not.toMatch(/Accepted|Failed/)
  })
})

describe('new hosts', () => {
  it('are written down once, and known from then on', async () => {
    const { file } = await open([], { hostKeyChecking: 'accept-new' })
    expect(readFileSync(file, 'utf8')).toBe(`${known('ed25519')}\n`)
    await expect(open([], { knownHostsFiles: [file] })).resolves.toBeDefined()
  })

  it('met 20 at once leave whole lines, that OpenSSH reads', async () => {
    const other = await startSshd({ config: LISTENING })
    const file = join(sshd.folder, 'known_hosts_new')
    const hosts = [sshd, other].flatMap(on => ADDRESSES.map(address => ({ address, on })))
    const [first, second] = [createHostKeys(), createHostKeys()]
    await Promise.all(
      hosts.map(async ({ address, on }, index) => {
        const changes = { address, knownHostsFiles: [file], hostKeyChecking: 'accept-new' } as const
        const keys = createKeyRing({ agentSocket: undefined })
        const hostKeys = index % 2 === 0 ? first : second
        sessions.push(await connectSsh(on.connection(changes), { keys, hostKeys }))
      }),
    )
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const expected = hosts.map(({ address, on }) => `[${address}]:${on.port} ${on.publicKey('ed25519')}`)
    expect(lines.toSorted()).toEqual(expected.toSorted())
    expect(statSync(file).mode & 0o777).toBe(0o600)
    for (const { address, on } of hosts)
      execFileSync('ssh-keygen', ['-F', `[${address}]:${on.port}`, '-f', file], { stdio: 'ignore' })
    await other.stop()
  })
})
