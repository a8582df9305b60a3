import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CommandResult } from '../../src/lab/command.ts'
import { hostRules } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/*
 * One run over hosts that can't be worked on, each for a reason of its own, and one that can: that one must come
 * through, and of the others each must say its cause and what to do.
 */

const HOSTS = [
  'good',
  'strange',
  'impostor',
  'locked',
  'cut',
  'deaf',
  'powerless',
  'common',
  'keyless',
  'bare',
]
const lab = useTestLab('reach', HOSTS, { packages: true })

let run: CommandResult
let untouched: readonly string[]

const ipSave = async () =>
  await Promise.all(HOSTS.slice(1).map(async name => await hostRules(lab().host(name), 4)))

async function knownHosts(): Promise<string> {
  const lines = (await readFile(lab().knownHosts, 'utf8')).trim().split('\n')
  const keyOf = (name: string) =>
    lines
      .find(line => line.startsWith(`${name},`))
      ?.split(' ')
      .slice(1)
      .join(' ')
  return `${lines
    .filter(line => !line.startsWith('strange,'))
    .map(line => (line.startsWith('impostor,') ? `${line.split(' ')[0]} ${keyOf('good')}` : line))
    .join('\n')}\n`
}

const MORE: Readonly<Record<string, string>> = {
  deaf: 'ansible_port=2222',
  powerless: 'ansible_user=nosudo ansible_become=true',
  common: 'ansible_user=operator',
  keyless: 'ansible_ssh_private_key_file=/nowhere/key',
}

const rows = () => lab().rows.map(row => `${row} ${MORE[row.split(' ')[0] ?? ''] ?? ''}`)

beforeAll(async () => {
  const site = await makeSite(lab(), ['[web]', ...rows(), 'ghost ansible_host=10.90.250.250'])
  await site.write({ known_hosts: await knownHosts() })
  const own = `-o UserKnownHostsFile=${site.folder}/known_hosts`
  await site.write({ 'group_vars/web.yml': `ansible_ssh_common_args: ${own}\nhttp_from: anywhere\n` })
  await lab().host('locked').exec('rm /root/.ssh/authorized_keys')
  await lab().host('bare').exec('sed -i \'s/^/command="echo hello" /\' /root/.ssh/authorized_keys')
  await lab().host('cut').cut()
  untouched = await ipSave()
  run = await site.fleet('apply', 'inventory.ini', '--connect-timeout', '2')
})

/** What the summary says of a host: its line and the advice below it. */
function said(host: string): string {
  const lines = run.stdout.split('\n')
  const at = lines.findIndex(line => line.startsWith(`${host}: `))
  return lines.slice(at, at + 2).join('\n')
}

describe('hosts that cannot be worked on', () => {
  it('do not keep the others from their rules, and make the exit code 3', async () => {
    expect(run.code).toBe(3)
    expect(run.stdout).toMatch(/^1 host: persisted$/m)
    expect(await hostRules(lab().host('good'))).toContain(':INPUT DROP')
  })

  it.each([
    ['strange', 'unreachable', /isn't known.*SHA256:.*accept-new/],
    ['impostor', 'unreachable', /has changed.*SHA256:.*ssh-keygen -R/],
    ['locked', 'unreachable', /doesn't let root in.*authorized_keys/],
    ['cut', 'unreachable', /doesn't answer within 2 s/],
    ['ghost', 'unreachable', /doesn't answer within 2 s|can't be reached/],
    ['deaf', 'unreachable', /port 2222.*refuses connections.*ansible_port/],
    ['keyless', 'unreachable', /\/nowhere\/key/],
    ['powerless', 'failed', /nosudo may not become root.*sudoers/],
    ['common', 'failed', /become/],
    ['bare', 'failed', /ran something else.*ForceCommand/],
  ])('%s is %s, with the cause and the next step', (host, state, words) => {
    expect(said(host)).toMatch(new RegExp(`^${host}: ${state}: `))
    expect(said(host)).toMatch(words)
    expect(said(host)).toMatch(new RegExp(`-l ${host}[. ]`))
  })

  it('are as they were', async () => {
    expect(await ipSave()).toEqual(untouched)
  })
})
