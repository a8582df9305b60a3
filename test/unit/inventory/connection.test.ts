import { describe, expect, it } from 'vitest'
import { connectionOf, connectionsOf } from '../../../src/inventory/connection.ts'
import type { Host } from '../../../src/model/host.ts'
import { Opaque, type Value } from '../../../src/model/value.ts'
import { brief } from './folder.ts'

const here = { cwd: '/work', home: '/home/me', user: 'me' }
const at = { file: 'inventory.ini', line: 3 }

function host(variables: Readonly<Record<string, Value>> = {}, name = 'web1'): Host {
  const entries = Object.entries(variables).map(([key, value]) => [key, { value, at }] as const)
  return { name, groups: [], variables: new Map(entries) }
}

const connect = (variables: Readonly<Record<string, Value>>, flags = {}) =>
  connectionOf(host(variables), flags, here).connection
const warnings = (variables: Readonly<Record<string, Value>>) =>
  connectionOf(host(variables), {}, here).findings.map(
    ({ code, args }) => `${code} ${String(args.text ?? args.name)}`,
  )
const refusal = (variables: Readonly<Record<string, Value>>) => () => connect(variables)

describe('connectionOf', () => {
  it('has the defaults of OpenSSH', () => {
    expect(connectionOf(host(), {}, here)).toEqual({
      connection: {
        host: 'web1',
        address: 'web1',
        port: 22,
        user: 'me',
        become: false,
        hostKeyChecking: 'strict',
        knownHostsFiles: [
          '/home/me/.ssh/known_hosts',
          '/home/me/.ssh/known_hosts2',
          '/etc/ssh/ssh_known_hosts',
          '/etc/ssh/ssh_known_hosts2',
        ],
        connectTimeout: 10_000,
      },
      findings: [],
    })
  })

  it('takes the variables over the flags, as Ansible does', () => {
    const variables = {
      ansible_host: '192.0.2.1',
      ansible_port: '2222',
      ansible_user: 'root',
      ansible_ssh_private_key_file: '~/.ssh/fleet',
      ansible_become: 'no',
      ansible_become_password: 'secret',
    }
    const flags = { user: 'x', privateKey: 'k', become: true, becomePassword: 'y', connectTimeout: 500 }
    expect(connect(variables, flags)).toMatchObject({
      address: '192.0.2.1',
      port: 2222,
      user: 'root',
      keyFile: '/home/me/.ssh/fleet',
      become: false,
      becomePassword: 'secret',
      connectTimeout: 500,
    })
    expect(connect({}, flags)).toMatchObject({
      user: 'x',
      keyFile: '/work/k',
      become: true,
      becomePassword: 'y',
    })
  })

  it('takes the older names over the newer ones', () => {
    const older = { ansible_ssh_host: 'a', ansible_ssh_port: 1, ansible_ssh_user: 'b' }
    const newer = { ansible_host: 'x', ansible_port: 2, ansible_user: 'y' }
    expect(connect({ ...older, ...newer })).toMatchObject({ address: 'a', port: 1, user: 'b' })
  })

  it.each(['yes', 'Yes', 'true', 'on', '1', 'y', 't', true, 1])('takes become %j for yes', value => {
    expect(connect({ ansible_become: value }).become).toBe(true)
  })

  it.each(['no', 'False', 'off', '0', 'n', 'f', false, 0, null, ''])('takes become %j for no', value => {
    expect(connect({ ansible_become: value }).become).toBe(false)
  })

  it.each([
    ['-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null', 'off', '/dev/null'],
    ['-oStrictHostKeyChecking=accept-new -o "UserKnownHostsFile ~/k"', 'accept-new', '/home/me/k'],
    ['-o stricthostkeychecking=yes -o UserKnownHostsFile=keys', 'strict', '/work/keys'],
    ['-o StrictHostKeyChecking=no -o StrictHostKeyChecking=yes', 'off', '/home/me/.ssh/known_hosts'],
    ['-o ProxyCommand=none', 'strict', '/home/me/.ssh/known_hosts'],
  ])('reads ansible_ssh_common_args %j', (text, hostKeyChecking, file) => {
    const connection = connect({ ansible_ssh_common_args: text })
    expect(connection).toMatchObject({ hostKeyChecking })
    expect(connection.knownHostsFiles[0]).toBe(file)
    expect(warnings({ ansible_ssh_common_args: text })).toEqual([])
  })

  it('lets the flag decide on host keys', () => {
    const variables = { ansible_ssh_common_args: '-o StrictHostKeyChecking=no' }
    expect(connect(variables, { hostKeyChecking: 'strict' }).hostKeyChecking).toBe('strict')
  })

  it('names what it passes over', () => {
    expect(warnings({ ansible_ssh_common_args: '-C -o ControlMaster=auto -i key -v' })).toEqual([
      'ssh-argument-ignored -C',
      'ssh-argument-ignored -o ControlMaster=auto',
      'ssh-argument-ignored -i key',
      'ssh-argument-ignored -v',
    ])
    expect(warnings({ ansible_password: 'x', ansible_ssh_extra_args: '-4' })).toEqual([
      'connection-variable-ignored ansible_password',
      'connection-variable-ignored ansible_ssh_extra_args',
    ])
  })

  it('tells of a name a letter away from one that decides how a host is reached, and Ansible of none', () => {
    expect(
      warnings({ ansible_hots: '192.0.2.1', ansible_prot: 22, ansible_python_interpreter: 'x' }),
    ).toEqual(['connection-variable-mistyped ansible_hots', 'connection-variable-mistyped ansible_prot'])
    const known = ['su_pass', 'ssh_user', 'become_pass', 'scp_extra_args', 'scp_executable', 'su_user']
    const variables = Object.fromEntries(known.map(name => [`ansible_${name}`, 'x']))
    expect(warnings(variables)).toEqual([])
    expect(connectionOf(host({ ansible_hots: 'x' }), {}, here).findings).toMatchObject([
      { severity: 'warning', args: { nearest: 'ansible_host' }, at },
    ])
  })

  it.each(['-J bastion', '-o ProxyJump=bastion', '-oProxyCommand="ssh -W %h:%p b"', '-Jbastion'])(
    'refuses a bastion: %s',
    text => {
      expect(refusal({ ansible_ssh_common_args: text })).toThrow(
        expect.objectContaining({ code: 'bastion-not-yet', at }),
      )
    },
  )

  it.each<[Readonly<Record<string, Value>>, string]>([
    [{ ansible_connection: 'local' }, 'connection-not-yet'],
    [{ ansible_become_method: 'su' }, 'connection-not-yet'],
    [{ ansible_become_user: 'admin' }, 'connection-not-yet'],
    [{ ansible_port: 0 }, 'variable-wrong-type'],
    [{ ansible_port: 65_536 }, 'variable-wrong-type'],
    [{ ansible_port: 'ssh' }, 'variable-wrong-type'],
    [{ ansible_host: ['a'] }, 'variable-wrong-type'],
    [{ ansible_become: 'maybe' }, 'variable-wrong-type'],
    [{ ansible_host: new Opaque('jinja', '{{ x }}') }, 'variable-opaque'],
    [{ ansible_become_password: new Opaque('vault', '...') }, 'variable-opaque'],
    [{ ansible_ssh_common_args: '-o "x' }, 'inventory-unbalanced'],
  ])('refuses %j', (variables, code) => {
    expect(refusal(variables)).toThrow(expect.objectContaining({ code, at }))
  })

  it('never puts the password into an error', () => {
    const hosts = [host({ ansible_become_password: ['hunter2'] })]
    let said = ''
    try {
      connectionsOf(hosts, {}, here)
    } catch (error) {
      said = `${String(error)} ${JSON.stringify(error)}`
    }
    expect(said).toContain('ansible_become_password')
    expect(said).not.toContain('hunter2')
  })
})

describe('connectionsOf', () => {
  it('tells what is wrong with all hosts, and each warning of a group once', () => {
    const hosts = [
      host({ ansible_port: 'x' }, 'a'),
      host({ ansible_connection: 'local' }, 'b'),
      host({ ansible_password: 'x' }, 'c'),
      host({ ansible_password: 'x' }, 'd'),
    ]
    const codes = ['variable-wrong-type', 'connection-not-yet', 'connection-variable-ignored']
    expect(() => connectionsOf(hosts, {}, here)).toThrow(
      expect.objectContaining({ findings: codes.map(code => expect.objectContaining({ code })) }),
    )
    expect(connectionsOf(hosts.slice(2), {}, here).connections.size).toBe(2)
    expect(brief(connectionsOf(hosts.slice(2), {}, here).findings)).toEqual([
      'inventory.ini:3 connection-variable-ignored',
    ])
  })
})
