import { describe, expect, it } from 'vitest'
import { checkBoot } from '../../../src/plan/boots.ts'

const filter = (...lines: readonly string[]) =>
  `*filter\n:INPUT ACCEPT [0:0]\n${lines.map(line => `${line}\n`).join('')}COMMIT\n`
const SSH = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
const BAN = [':f2b-sshd - [0:0]', '-A INPUT -p tcp -j f2b-sshd', '-A f2b-sshd -j RETURN']

const said = (boots: string, live: string, files = ['rules.v4'], number = 0) => {
  const seen = {
    rulesFiles: files,
    boots: { 4: boots, 6: '' },
    live: { 4: live, 6: '' },
    generation: { number },
  }
  return checkBoot(seen, []).map(({ code }) => code)
}

describe('what a host boots before fleet has confirmed anything', () => {
  it.each<[string, string[], string[]]>([
    ['is what is live', [said(filter(SSH), filter(SSH))].flat(), []],
    ['is something else', said(filter(':FORWARD DROP [0:0]'), filter(SSH)), ['boot-loads-other']],
    ['is something, and nothing is live', said(filter(SSH), ''), ['boot-loads-other']],
    [
      'is what is live but for what fail2ban put in',
      said(filter(SSH), filter(...BAN.slice(0, 1), SSH, ...BAN.slice(1))),
      [],
    ],
    ['cannot be read', said('*filter\nnonsense\n', filter(SSH)), ['boot-loads-other']],
    ['is nothing, which is no surprise', said('', filter(SSH), []), []],
    ['is a generation of fleet by now', said('', filter(SSH), ['rules.v4'], 3), []],
  ])('%s', (_, codes, expected) => {
    expect(codes).toEqual(expected)
  })
})
