import { describe, expect, it } from 'vitest'
import { closedBy, parseSockets } from '../../../src/plan/sockets.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

/** As `ss -Hlntup` of iproute2 6.1 prints them. */
const LINES = [
  'udp   UNCONN 0      0         127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=411,fd=13))',
  'udp   UNCONN 0      0               0.0.0.0:161        0.0.0.0:*    users:(("snmpd",pid=700,fd=6))',
  'tcp   LISTEN 0      511             0.0.0.0:443        0.0.0.0:*    users:(("nginx",pid=88,fd=6),("nginx",pid=87,fd=6))',
  'tcp   LISTEN 0      511                [::]:443           [::]:*    users:(("nginx",pid=88,fd=7))',
  'tcp   LISTEN 0      128               [::1]:6010          [::]:*    users:(("sshd",pid=99,fd=9))',
  'tcp   LISTEN 0      4096                  *:9100             *:*    users:(("node_exporter",pid=5,fd=3))',
  'tcp   LISTEN 0      128           10.0.0.5:8080        0.0.0.0:*',
]

const rules = (...lines: readonly string[]) => {
  const text = `*filter\n:INPUT DROP [0:0]\n${lines.map(line => `-A INPUT ${line}\n`).join('')}COMMIT\n`
  return { 4: parseSave(text, 4), 6: parseSave(text, 6) }
}
const open = { 4: parseSave('', 4), 6: parseSave('', 6) }

describe('listeners', () => {
  it('are those that others can reach, each program and port once', () => {
    expect(parseSockets(LINES)).toEqual([
      { proto: 'udp', port: 161, program: 'snmpd', families: [4] },
      { proto: 'tcp', port: 443, program: 'nginx', families: [4, 6] },
      { proto: 'tcp', port: 9100, program: 'node_exporter', families: [4, 6] },
      { proto: 'tcp', port: 8080, program: '', families: [4] },
    ])
  })
})

describe('what new rules close', () => {
  const listeners = parseSockets(LINES)
  const closes = (...lines: readonly string[]) => closedBy(open, rules(...lines), listeners)

  it('is what nobody can reach any more', () => {
    expect(closes('-p tcp -m tcp --dport 443 -j ACCEPT')).toEqual([
      'udp/161 snmpd',
      'tcp/9100 node_exporter',
      'tcp/8080',
    ])
  })

  it('is not what somebody still can', () => {
    const some = [
      '-s 192.0.2.0/24 -p tcp -m multiport --dports 443,8080,9100 -j ACCEPT',
      '-s 192.0.2.7/32 -p udp -m udp --dport 161 -j ACCEPT',
    ]
    expect(closes(...some)).toEqual([])
  })

  it('is not what only a rate limit stands before', () => {
    const limited = ['-p udp -m limit --limit 1/sec -j ACCEPT', '-p tcp -m limit --limit 1/sec -j ACCEPT']
    expect(closes(...limited)).toEqual([])
  })

  it('is not what was closed before', () => {
    expect(closedBy(rules(), rules(), listeners)).toEqual([])
  })

  it('is what only the loopback interface may still reach', () => {
    expect(closedBy(open, rules('-i lo -j ACCEPT'), parseSockets(LINES.slice(1, 2)))).toEqual([
      'udp/161 snmpd',
    ])
  })
})
