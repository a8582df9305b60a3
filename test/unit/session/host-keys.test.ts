import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../../src/model/connection.ts'
import { createHostKeys } from '../../../src/session/host-keys.ts'
import { parseKnownHosts } from '../../../src/session/known-hosts.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fleet-known-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const string = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
const makeKey = (content: string) => Buffer.concat([string('ssh-ed25519'), string(content)])
const connection = (address: string, knownHostsFiles: readonly string[] = []): Connection => ({
  host: address,
  address,
  port: 2222,
  user: 'root',
  become: false,
  hostKeyChecking: 'accept-new',
  knownHostsFiles,
  connectTimeout: 1000,
})
const KEY = makeKey('key')

describe('accepted keys', () => {
  it('go to the first file, made where there is none, for its owner alone', async () => {
    await createHostKeys(home).accept(connection('web1'), KEY)
    const file = join(home, '.ssh/known_hosts')
    expect(readFileSync(file, 'utf8')).toBe(`[web1]:2222 ssh-ed25519 ${KEY.toString('base64')}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(home, '.ssh')).mode & 0o777).toBe(0o700)
  })

  it('start a line of their own behind one that has no end', async () => {
    const file = join(home, 'kh')
    writeFileSync(file, '# mine')
    await createHostKeys(home).accept(connection('web1', [file, join(home, 'other')]), KEY)
    expect(readFileSync(file, 'utf8')).toMatch(/^# mine\n\[web1\]:2222 ssh-ed25519 \S+\n$/)
  })

  it('stay whole beside other writers, and are written once', async () => {
    const file = join(home, 'kh')
    const names = Array.from({ length: 40 }, (_, index) => `web${index}`)
    const [first, second] = [createHostKeys(home), createHostKeys(home)]
    await Promise.all(
      names.flatMap((name, index) => {
        const one = connection(name, [file])
        const hostKeys = index % 2 === 0 ? first : second
        return [hostKeys.accept(one, KEY), hostKeys.accept(one, KEY)]
      }),
    )
    const lines = parseKnownHosts(readFileSync(file, 'utf8'), file)
    expect(lines.map(line => line.names).toSorted()).toEqual(names.map(name => `[${name}]:2222`).toSorted())
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(40)
  })

  it('are refused when another key came first', async () => {
    const hostKeys = createHostKeys(home)
    await hostKeys.accept(connection('web1'), KEY)
    await expect(hostKeys.accept(connection('web1'), makeKey('other'))).rejects.toThrow('host-key-changed')
    expect((await hostKeys.of(connection('web1'))).judge(connection('web1'), KEY)).toBe('known')
  })

  it('that cannot be written are an error', async () => {
    writeFileSync(join(home, 'file'), '')
    const one = connection('web1', [join(home, 'file/kh')])
    await expect(createHostKeys(home).accept(one, KEY)).rejects.toThrow(/known-hosts-un/)
  })
})

describe('known_hosts files', () => {
  it('are all read; those that are not there are empty', async () => {
    const files = ['a', 'b', 'c'].map(name => join(home, name))
    writeFileSync(join(home, 'c'), `[web1]:2222 ssh-ed25519 ${KEY.toString('base64')}\n`)
    const known = await createHostKeys(home).of(connection('web1', files))
    expect(known.judge(connection('web1'), KEY)).toBe('known')
  })

  it('that cannot be read are an error, not empty', async () => {
    await expect(createHostKeys(home).of(connection('web1', [home]))).rejects.toThrow(
      'known-hosts-unreadable',
    )
  })
})
