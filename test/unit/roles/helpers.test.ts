import { describe, expect, it } from 'vitest'
import { errorsOf, renderAlone, role, rulesOf } from './fixture.ts'

const rules = (line: string, family: 4 | 6 = 4) => rulesOf(renderAlone(role('', line)), family)
const NEW = '-m conntrack --ctstate NEW'

describe('helpers', () => {
  it.each([
    ['{{accept "INPUT" tcp=22}}', [`-p tcp -m tcp --dport 22 ${NEW} -j ACCEPT`]],
    ['{{accept "INPUT" in="wg0"}}', ['-i wg0 -j ACCEPT']],
    ['{{accept "FORWARD" in="a" out="b" proto="esp"}}', ['-i a -o b -p esp -j ACCEPT']],
    [
      '{{accept "INPUT" service="dns"}}',
      [`-p tcp -m tcp --dport 53 ${NEW} -j ACCEPT`, `-p udp -m udp --dport 53 ${NEW} -j ACCEPT`],
    ],
    [
      '{{drop "INPUT" tcp=23 comment="no telnet"}}',
      ['-p tcp -m tcp --dport 23 -m comment --comment "no telnet" -j DROP'],
    ],
    ['{{reject "INPUT" tcp=113}}', ['-p tcp -m tcp --dport 113 -j REJECT --reject-with tcp-reset']],
    ['{{reject "INPUT"}}', ['-j REJECT --reject-with icmp-port-unreachable']],
    ['{{log "INPUT" prefix="odd: "}}', ['-m limit --limit 10/min -j LOG --log-prefix "odd: "']],
    [
      '{{accept "INPUT" tcp=22 limit="5/minute"}}',
      [`-p tcp -m tcp --dport 22 ${NEW} -m limit --limit 5/min -j ACCEPT`],
    ],
    [
      '{{accept "INPUT" tcp=22 limit="5/s" burst=20}}',
      [`-p tcp -m tcp --dport 22 ${NEW} -m limit --limit 5/sec --limit-burst 20 -j ACCEPT`],
    ],
    [
      '{{drop "FORWARD" from="192.0.2.1,192.0.2.4-192.0.2.6" to="198.51.100.1"}}',
      [
        '-s 192.0.2.1/32 -d 198.51.100.1/32 -j DROP',
        '-d 198.51.100.1/32 -m iprange --src-range 192.0.2.4-192.0.2.6 -j DROP',
      ],
    ],
  ])('%s', (line, expected) => {
    expect(rules(line).map(rule => rule.replace(/^\w+ /, ''))).toEqual(expected)
  })

  it('say unreachable in the words of IPv6', () => {
    expect(rules('{{reject "INPUT"}}', 6)).toEqual(['INPUT -j REJECT --reject-with icmp6-port-unreachable'])
  })

  it('count each source by itself, an IPv6 network of 64 bits as one, under a name of the limit', () => {
    const line = '{{accept "INPUT" tcp=22 limit="30/min" burst=30 per="source"}}'
    const four = /--hashlimit-mode srcip --hashlimit-name (fleet-[0-9a-f]{8}) -j/.exec(
      rules(line)[0] ?? '',
    )?.[1]
    const six = /--hashlimit-name (fleet-[0-9a-f]{8}) --hashlimit-srcmask 64 -j/.exec(
      rules(line, 6)[0] ?? '',
    )?.[1]
    const other = /--hashlimit-name (\S+)/.exec(rules(line.replace('30/min', '20/min'))[0] ?? '')?.[1]
    expect(new Set([four, six, other, undefined]).size).toBe(4)
  })

  it('split ports into rules of 15, a range counting as two', () => {
    const ports = [...Array(13).keys()].map(port => port + 1)
    const lines = rules(`{{drop "INPUT" tcp="${ports.join(',')},20-21,30-31"}}`)
    expect(lines).toEqual([
      `INPUT -p tcp -m multiport --dports ${ports.join(',')},20:21 -j DROP`,
      'INPUT -p tcp -m tcp --dport 30:31 -j DROP',
    ])
  })

  it.each([
    ['{{accept "INPUT" service="htp"}}', 'service-unknown'],
    ['{{accept "INPUT" tcp="ssh"}}', 'helper-argument'],
    ['{{accept "INPUT" tcp=22 limit="often"}}', 'helper-argument'],
    ['{{accept "INPUT" tcp=22 limit="0/min"}}', 'helper-argument'],
    ['{{accept "INPUT" tcp=22 burst=5}}', 'helper-argument'],
    ['{{accept "INPUT" tcp=22 limit="1/min" per="port"}}', 'helper-argument'],
    ['{{accept "INPUT" tcp=22 limit="1/min" burst=0}}', 'helper-argument'],
    ['{{accept "INPUT" in="eth0 -j ACCEPT"}}', 'helper-argument'],
    ['{{accept "INPUT" in=null}}', 'helper-argument'],
    ['{{accept "INPUT" proto="tcp -j"}}', 'helper-argument'],
    ['{{drop "INPUT" comment="a\'b"}}', 'helper-argument'],
    ['{{drop "INPUT" comment=""}}', 'helper-argument'],
    ['{{log "INPUT" prefix="thirty characters or even more"}}', 'rule-too-long'],
    ['{{accept "INPUT" from="example.org"}}', 'address-invalid'],
    ['{{accept "IMPUT"}}', 'chain-undeclared'],
  ])('%s is refused with its line', (line, code) => {
    expect(errorsOf(renderAlone(role('', '', line)))).toEqual([`${code} my/it.hbs:6`])
  })

  it('know services of a services.yml beside the templates', () => {
    const files = { 'services.yml': 'shop: {tcp: [8001, 8002]}\nhttp: {tcp: 8080}\n' }
    const both = role(
      '',
      '{{drop "INPUT" service="shop"}}',
      '{{drop "INPUT" service="http"}}',
      '{{drop "INPUT" service="ntp"}}',
    )
    expect(rulesOf(renderAlone(both, {}, { files }))).toEqual([
      'INPUT -p tcp -m multiport --dports 8001,8002 -j DROP',
      'INPUT -p tcp -m tcp --dport 8080 -j DROP',
      'INPUT -p udp -m udp --dport 123 -j DROP',
    ])
  })

  it.each([
    ['shop: 80', 1],
    ['a: {tcp: 1}\nshop: {tpc: 80}', 2],
    ['shop: {tcp: []}', 1],
    ['shop: {tcp: 99999}', 1],
    ['shop: [', 1],
  ])('refuse the services.yml %j', (text, line) => {
    expect(() => renderAlone(role(''), {}, { files: { 'services.yml': text } })).toThrow(
      expect.objectContaining({ code: 'services-bad', at: { file: 'my/services.yml', line } }),
    )
  })
})
