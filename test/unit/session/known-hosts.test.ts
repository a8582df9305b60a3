import { describe, expect, it } from 'vitest'
import { fingerprint, knownName, matchesName, parseKnownHosts } from '../../../src/session/known-hosts.ts'

/** Made by `ssh-keygen -t ed25519`; the fingerprint and the hashed names by `ssh-keygen -l` and `-H`. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAINQuYWKfBNxMdy0S45VHG73m4IeXUl0MHEMb/VF7K1xW'

describe('a known_hosts file', () => {
  it('gives each key with its marker and its place', () => {
    const text = [
      '# a comment',
      '',
      `web1,192.0.2.1 ssh-ed25519 ${KEY} a comment`,
      `@revoked * ssh-ed25519 ${KEY}`,
      `  @cert-authority *.example.com\tssh-ed25519\t${KEY}`,
    ].join('\n')
    expect(parseKnownHosts(text, 'kh').map(({ marker, names, at }) => [marker, names, at.line])).toEqual([
      ['', 'web1,192.0.2.1', 3],
      ['@revoked', '*', 4],
      ['@cert-authority', '*.example.com', 5],
    ])
  })

  it('passes over what OpenSSH passes over', () => {
    const text = [
      `#web1 ssh-ed25519 ${KEY}`,
      `web1 ssh-rsa ${KEY}`,
      'web1 ssh-ed25519 AAAA',
      'web1 ssh-ed25519',
      `@unknown web1 ssh-ed25519 ${KEY}`,
      'web1 1024 35 1234567',
    ].join('\n')
    expect(parseKnownHosts(text, 'kh')).toEqual([])
  })
})

describe('the names of a line', () => {
  it.each([
    ['web1', 'web1', true],
    ['web1', 'web10', false],
    ['WEB1', 'web1', true],
    ['a,web1', 'web1', true],
    ['web?', 'web1', true],
    ['web?', 'web10', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'axexample.com', false],
    ['*.example.com,!bad.example.com', 'bad.example.com', false],
    ['!bad.example.com,*.example.com', 'bad.example.com', false],
    ['!bad.example.com', 'good.example.com', false],
    ['[web1]:2222', '[web1]:2222', true],
    ['[web1]:2222', 'web1', false],
    ['[*]:2222', '[web1]:2222', true],
    ['web1.(a|b)+', 'web1.a', false],
    ['|1|LEttMrVEk8+m8zOp4cx1kaB9egE=|/r9etRfc0KdX+Dvq9dHFwsIpuc0=', 'web1', true],
    ['|1|LEttMrVEk8+m8zOp4cx1kaB9egE=|/r9etRfc0KdX+Dvq9dHFwsIpuc0=', 'web2', false],
    ['|1|J3WQ+enNfh5Ix+SSqNjVZQDXG14=|kiq9YuMBb1sx7TkAXvVVS80ZDLw=', '[127.0.0.1]:2222', true],
    ['|2|LEttMrVEk8+m8zOp4cx1kaB9egE=|/r9etRfc0KdX+Dvq9dHFwsIpuc0=', 'web1', false],
  ])('%s includes %s: %s', (names, name, expected) => {
    expect(matchesName(names, name)).toBe(expected)
  })

  it('are the address, with the port where it is not 22', () => {
    expect(knownName('Web1.Example.com', 22)).toBe('web1.example.com')
    expect(knownName('192.0.2.1', 2222)).toBe('[192.0.2.1]:2222')
    expect(knownName('2001:db8::1', 22)).toBe('2001:db8::1')
  })
})

it('fingerprints as ssh-keygen does', () => {
  expect(fingerprint(Buffer.from(KEY, 'base64'))).toBe('SHA256:Ud6KsSvgwwL1RNwQ9rVj8W/AMUcS94T97dKjE+Ah8Aw')
})
