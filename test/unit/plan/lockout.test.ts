import { describe, expect, it } from 'vitest'
import { checkLockout, parseSshConnection } from '../../../src/plan/lockout.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

describe('SSH_CONNECTION', () => {
  it.each([
    [
      '198.51.100.7 50022 192.0.2.1 22',
      { family: 4, client: '198.51.100.7', server: '192.0.2.1', serverPort: 22 },
    ],
    ['2001:db8::7 50022 2001:db8::1 2222', { family: 6, client: '2001:db8::7', serverPort: 2222 }],
    [
      '::ffff:198.51.100.7 50022 ::ffff:192.0.2.1 22',
      { family: 4, client: '198.51.100.7', server: '192.0.2.1' },
    ],
    ['fe80::7%eth0 50022 fe80::1%eth0 22', { family: 6, client: 'fe80::7', server: 'fe80::1' }],
  ])('is read: %s', (text, expected) => {
    expect(parseSshConnection(text)).toMatchObject(expected)
  })

  it.each(['', 'UNKNOWN 65535 UNKNOWN 65535 x', '198.51.100.7 22'])(
    'is nothing where it says nothing: "%s"',
    text => {
      expect(parseSshConnection(text)).toBeUndefined()
    },
  )
})

const filter = (input: readonly string[], output: readonly string[] = [], policy = 'DROP', out = 'ACCEPT') =>
  `*filter\n:INPUT ${policy} [0:0]\n:OUTPUT ${out} [0:0]\n${input.map(rule => `-A INPUT ${rule}\n`).join('')}${output.map(rule => `-A OUTPUT ${rule}\n`).join('')}COMMIT\n`

const connection = {
  family: 4,
  client: '198.51.100.7',
  clientPort: 50022,
  server: '192.0.2.1',
  serverPort: 22,
  interface: 'eth0',
} as const

const NEW = '-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW'
const ANSWERS = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'

const codes = (text: string) =>
  checkLockout({ 4: parseSave(text, 4), 6: parseSave('', 6) }, connection, new Map()).map(
    ({ code, severity }) => `${severity} ${code}`,
  )

describe('the lockout check', () => {
  it.each<[string, string, string[]]>([
    ['nothing at all', '', []],
    ['SSH let in', filter([`${NEW} -j ACCEPT`]), []],
    ['SSH from our own network', filter([`-s 198.51.100.0/24 ${NEW} -j ACCEPT`]), []],
    ['SSH up to a rate', filter([`${NEW} -m limit --limit 6/min -j ACCEPT`]), ['note lockout-rate-limit']],
    ['SSH by the right interface', filter(['-i eth0 -j ACCEPT']), []],
    ['SSH by another interface', filter(['-i eth1 -j ACCEPT']), ['error lockout-in']],
    ['only established connections', filter([ANSWERS]), ['error lockout-in']],
    ['SSH from another network', filter([`-s 203.0.113.0/24 ${NEW} -j ACCEPT`]), ['error lockout-in']],
    ['another port', filter(['-p tcp -m tcp --dport 2222 -j ACCEPT']), ['error lockout-in']],
    [
      'a ban of ours in a foreign chain',
      `*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -j f2b-sshd\n-A f2b-sshd -s 198.51.100.7/32 -j REJECT\nCOMMIT\n`,
      ['error lockout-in'],
    ],
    [
      'a drop in raw',
      `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DROP\nCOMMIT\n${filter([], [], 'ACCEPT')}`,
      ['error lockout-in'],
    ],
    ['what fleet cannot model', filter([`-m bpf --bytecode "4,48 0 0 9" -j ACCEPT`]), ['error lockout-in']],
    ['answers that may not leave', filter([`${NEW} -j ACCEPT`], [], 'DROP', 'DROP'), ['error lockout-out']],
    ['answers that may', filter([`${NEW} -j ACCEPT`], [ANSWERS], 'DROP', 'DROP'), []],
    [
      'answers by another interface',
      filter([`${NEW} -j ACCEPT`], ['-o eth1 -j ACCEPT'], 'DROP', 'DROP'),
      ['error lockout-out'],
    ],
  ])('%s', (_, text, expected) => {
    expect(codes(text)).toEqual(expected)
  })

  it('names what decided', () => {
    const [finding] = checkLockout(
      { 4: parseSave(filter([`${NEW} -j REJECT`]), 4), 6: parseSave('', 6) },
      connection,
      new Map(),
    )
    expect(finding?.args).toMatchObject({
      address: '198.51.100.7',
      port: 22,
      verdict: 'reject',
      rule: `-A INPUT ${NEW} -j REJECT`,
    })
  })
})
