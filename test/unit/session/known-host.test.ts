import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import { orderHostKeys } from '../../../src/session/handshake.ts'
import { indexLines, knowHost } from '../../../src/session/known-host.ts'
import { parseKnownHosts } from '../../../src/session/known-hosts.ts'
import { mistakeOf } from '../cli/mistake.ts'

const string = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
const makeKey = (type: string, content: string) => Buffer.concat([string(type), string(content)])
const ED = makeKey('ssh-ed25519', 'one')
const OTHER_ED = makeKey('ssh-ed25519', 'two')
const RSA = makeKey('ssh-rsa', 'one')
const ECDSA = makeKey('ecdsa-sha2-nistp256', 'one')

const line = (names: string, key: Buffer) =>
  `${names} ${key.toString('latin1', 4, 4 + key.readUInt32BE(0))} ${key.toString('base64')}`
const hash = (name: string) => {
  const salt = Buffer.from('0123456789abcdefghij')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}
const know = (lines: readonly string[], port = 22) =>
  knowHost({ address: 'Web1.example.com', port }, indexLines(parseKnownHosts(lines.join('\n'), 'kh')))

type Checking = 'strict' | 'accept-new' | 'off'
const target = (hostKeyChecking: Checking, port = 22) => ({
  host: 'web1',
  address: 'Web1.example.com',
  port,
  hostKeyChecking,
})
function judge(lines: readonly string[], key: Buffer, checking: Checking = 'strict', port = 22): unknown {
  try {
    return know(lines, port).judge(target(checking, port), key)
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    if (error.hostState !== 'unreachable') throw error
    return error.at?.line === undefined ? error.code : `${error.code} kh:${error.at.line}`
  }
}

describe('the key that a host shows', () => {
  it.each<[string, string[], Buffer, Checking, unknown]>([
    ['known by name', [line('web1.example.com', ED)], ED, 'strict', 'known'],
    ['known by hash', [line(hash('web1.example.com'), ED)], ED, 'strict', 'known'],
    ['known by pattern', [line('*.example.com,192.0.2.1', ED)], ED, 'strict', 'known'],
    [
      'one of two known',
      [line('web1.example.com', OTHER_ED), line('web1.example.com', ED)],
      ED,
      'strict',
      'known',
    ],
    ['not known', [line('web2.example.com', ED)], ED, 'strict', 'host-key-unknown'],
    ['not known, and new is good', [line('web2.example.com', ED)], ED, 'accept-new', 'new'],
    ['not known, and nobody cares', [], ED, 'off', 'known'],
    [
      'another',
      [line('web2', ED), line('web1.example.com', OTHER_ED)],
      ED,
      'strict',
      'host-key-changed kh:2',
    ],
    [
      'another by hash',
      [line(hash('web1.example.com'), OTHER_ED)],
      ED,
      'accept-new',
      'host-key-changed kh:1',
    ],
    ['of another type', [line('web1.example.com', RSA)], ED, 'accept-new', 'host-key-changed kh:1'],
    [
      'revoked',
      [line('web1.example.com', ED), line('@revoked *', ED)],
      ED,
      'strict',
      'host-key-revoked kh:2',
    ],
    ['beside a revoked one', [line('web1.example.com', ED), line('@revoked *', RSA)], ED, 'strict', 'known'],
    ['revoked and else unknown', [line('@revoked *', ED)], ED, 'accept-new', 'host-key-revoked kh:1'],
    ['signed for', [line('@cert-authority *.example.com', RSA)], ED, 'accept-new', 'host-key-authority kh:1'],
    [
      'the authority',
      [line('@cert-authority *.example.com', ED)],
      ED,
      'accept-new',
      'host-key-authority kh:1',
    ],
    [
      'signed for and known',
      [line('@cert-authority *', RSA), line('web1.example.com', ED)],
      ED,
      'strict',
      'known',
    ],
  ])('is %s', (_, lines, key, checking, expected) => {
    expect(judge(lines, key, checking)).toBe(expected)
  })

  it('may be written down for the port, or for the bare name', () => {
    expect(judge([line('[web1.example.com]:2222', ED)], ED, 'strict', 2222)).toBe('known')
    expect(judge([line('web1.example.com', ED)], ED, 'strict', 2222)).toBe('known')
    expect(judge([line('[web1.example.com]:2222', ED)], ED)).toBe('host-key-unknown')
    expect(judge([line('[web1.example.com]:2223', ED)], ED, 'strict', 2222)).toBe('host-key-unknown')
  })

  it('is no rival of another key of the bare name', () => {
    expect(judge([line('web1.example.com', OTHER_ED)], ED, 'accept-new', 2222)).toBe('new')
  })

  it('is named by its fingerprint, beside the one that is known', () => {
    const known = know([line('web1.example.com', OTHER_ED)])
    expect(() => known.judge(target('strict'), ED)).toThrow(
      expect.objectContaining({
        args: expect.objectContaining({
          type: 'ssh-ed25519',
          fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
          knownFingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
        }),
      }),
    )
  })

  it('is known once it was accepted, and another is not new any more', () => {
    const known = know([])
    expect(known.judge(target('accept-new'), ED)).toBe('new')
    known.add({ marker: '', names: 'web1.example.com', type: 'ssh-ed25519', key: ED, at: { file: 'kh' } })
    expect(known.judge(target('accept-new'), ED)).toBe('known')
    expect(() => known.judge(target('accept-new'), OTHER_ED)).toThrow('host-key-changed')
  })

  it('is taken out of the very file that knows another', () => {
    const known = know([line('[web1.example.com]:2222', OTHER_ED)], 2222)
    expect(mistakeOf(() => known.judge(target('strict', 2222), ED))).toContain(
      "`ssh-keygen -R '[Web1.example.com]:2222' -f kh`",
    )
  })
})

describe('the algorithms to ask for', () => {
  it('begin with those of the known keys', () => {
    const known = know([line('web1.example.com', RSA), line('web1.example.com', ECDSA)])
    expect(orderHostKeys(known.types()).slice(0, 4)).toEqual([
      'ecdsa-sha2-nistp256',
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
    ])
  })

  it('are found under hashed names once a key was refused', () => {
    const known = know([line(hash('web1.example.com'), RSA)])
    expect(orderHostKeys(known.types())[0]).toBe('ssh-ed25519')
    expect(() => known.judge(target('strict'), ED)).toThrow('host-key-changed')
    expect(orderHostKeys(known.types())[0]).toBe('rsa-sha2-512')
  })

  it('never include SHA-1', () => {
    expect(orderHostKeys(new Set(['ssh-rsa', 'ssh-dss']))).not.toContain('ssh-rsa')
  })
})
