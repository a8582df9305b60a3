import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import type { Finding } from '../../src/model/finding.ts'
import { PROGRAM } from './hosts/program.ts'

/*
 * What a dead controller has left, as its journal says it: whose it is, and what is still owed. Nobody is at home at the
 * hosts, so whoever is contacted is `unreachable`.
 */

const RUN = '20260101-000000-dead'
const NOBODY = 'ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_common_args="-o StrictHostKeyChecking=no"'
const WHY: Finding = { code: 'budget-spent', severity: 'error', args: { failed: 1, borne: 0 } }

const settled = (host: string, state: 'persisted' | 'failed'): Event => ({
  type: 'host-settled',
  host,
  state,
})
const armed = (host: string): Event => ({
  type: 'host-step',
  host,
  step: 'arming',
  nonce: '0'.repeat(32),
  bootId: 'b',
  confirmTimeout: 4000,
  base: 1,
  generation: 2,
})
const planned = (...stages: readonly (readonly string[])[]): Event => ({
  type: 'rollout-planned',
  run: RUN,
  stages,
})

const ENDED: Event = { type: 'run-ended', run: RUN, states: {} }

const made: string[] = []
afterAll(async () => {
  for (const one of made) await rm(one, { recursive: true })
})

const STAGE: Event = { type: 'phase-started', phase: 'apply', hosts: ['h1'], stage: 1, stages: 1 }

interface Given {
  readonly started?: object
  readonly events?: readonly Event[]
  readonly files?: Readonly<Record<string, string>>
}

/** A folder with an inventory of h1 to h3, and the journal of a run over them that has no end. */
async function site({ started = {}, events = [], files = {} }: Given) {
  const folder = await mkdtemp(join(tmpdir(), 'left-'))
  made.push(folder)
  const journals = join(folder, '.local/state/fleet/runs')
  const begun = {
    type: 'run-started',
    run: RUN,
    who: 'me',
    command: 'apply inventory.ini',
    hosts: 3,
    inventory: [join(folder, 'inventory.ini')],
    writer: { pid: 2 ** 30, start: '' },
    ...started,
  }
  const lines = [begun, ...events].map(event => JSON.stringify({ at: new Date().toISOString(), ...event }))
  const rows = ['h1', 'h2', 'h3'].map(name => `${name} ${NOBODY}\n`).join('')
  await mkdir(journals, { recursive: true })
  const all = {
    'inventory.ini': rows,
    [`.local/state/fleet/runs/${RUN}.jsonl`]: `${lines.join('\n')}\n`,
    ...files,
  }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const fleet = (args: readonly string[], cwd = folder) =>
    new Promise<{ code: number; stdout: string; stderr: string }>(resolve => {
      const env = { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' }
      execFile(process.execPath, [PROGRAM, ...args], { cwd, env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      )
    })
  const journal = async () => readFile(join(journals, (await readdir(journals))[0] ?? ''), 'utf8')
  return { folder, fleet, journal }
}

describe.concurrent('fleet resume', () => {
  it('goes over no other inventory than the run did', async () => {
    const { folder, fleet, journal } = await site({
      events: [planned(['h1'])],
      files: { 'other/inventory.ini': `h1 ${NOBODY}\n` },
    })
    const before = await journal()
    for (const [args, cwd] of [
      [['resume', RUN], 'other'],
      [['resume', RUN, '-i', 'other/inventory.ini'], '.'],
      [['resume', RUN, '-i', 'h1,h2,'], '.'],
    ] as const) {
      const { code, stdout, stderr } = await fleet(args, join(folder, cwd))
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`went over ${folder}/inventory.ini`)
    }
    expect(await journal()).toBe(before)
  })

  it('finds the run by an inventory that is spelled otherwise', async () => {
    const { folder, fleet } = await site({ events: [planned(['h1'])] })
    await symlink(folder, `${folder}.link`)
    made.push(`${folder}.link`)
    const { stdout } = await fleet(['resume', '--json', '-i', `${folder}.link/inventory.ini`])
    expect(stdout).toContain('"host":"h1","state":"unreachable"')
    const listed = await fleet(['history', '-i', `${folder}.link/inventory.ini`])
    expect(listed.stdout).toContain(RUN)
  })

  it('says where else it goes when the inventory of the run is gone', async () => {
    const { folder, fleet } = await site({
      started: { inventory: ['/nowhere/inventory.ini'] },
      events: [planned(['h1'])],
    })
    const { code, stdout, stderr } = await fleet(['resume', RUN, '--json'])
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('unreachable') })
    expect(stderr).toContain(`Its hosts are reached as ${folder}/inventory.ini says`)
  })

  it.each([[[]], [[RUN]]])('wants -e again before it does anything: resume %j', async named => {
    const { fleet, journal } = await site({
      started: { extraVars: true, flags: { soak: '1s' } },
      events: [planned(['h1']), STAGE, armed('h1'), settled('h1', 'persisted')],
    })
    const before = await journal()
    const refused = await fleet(['resume', ...named])
    expect({ ...refused, stderr: '' }).toEqual({ code: 1, stdout: '', stderr: '' })
    expect(refused.stderr).toContain(`\`fleet resume ${named.map(run => `${run} `).join('')}-e ...\``)
    expect(await journal()).toBe(before)
    const { code, stdout } = await fleet(['resume', ...named, '--json', '-e', 'a=b'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/"type":"host-checked","host":"h1","finding":\{"code":"lost-again"/)
  })

  it('names a host that the inventory has lost, and goes on with the others', async () => {
    const { fleet } = await site({
      events: [planned(['h1', 'gone'])],
      files: { 'fleet.yml': 'rollout: {maxFailures: 9}\n' },
    })
    const { code, stdout } = await fleet(['resume', '--json'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/"host":"gone","state":"not started","finding":\{"code":"host-not-in-inventory"/)
    expect(stdout).toMatch(/"host":"h1","state":"unreachable"/)
  })

  it('says that a run which is named is gone on with by a fresh budget, also where hosts failed', async () => {
    const events = [planned(['h1', 'h2']), STAGE, armed('h2'), settled('h2', 'failed')]
    const [one, other] = [await site({ events }), await site({ events })]
    const named = await one.fleet(['resume', RUN, '--json'])
    expect(named.stderr).toContain('also with the host that failed, and with a fresh budget')
    expect(named.stdout).toMatch(/"host":"h2","state":"unreachable"/)
    const unnamed = await other.fleet(['resume', '--json'])
    expect(unnamed.stderr).not.toContain('fresh budget')
    expect(unnamed.stdout).not.toMatch(/"host":"h2","state":"unreachable"/)
  })

  it.each([
    ['died goes on as it began', [], 'failed":3,"borne":1'],
    ['has ended is tried anew by fleet.yml as it stands', [ENDED], 'failed":3,"borne":2'],
  ] as const)('a run that %s', async (_, more, borne) => {
    const { fleet, journal } = await site({
      started: { rollout: { maxFailures: 1, gates: [{ tcp: 443, timeout: '100ms' }] } },
      events: [planned(['h1', 'h2', 'h3']), ...more],
      files: { 'fleet.yml': 'rollout: {maxFailures: 2}\n' },
    })
    const { stdout, stderr } = await fleet(['resume', RUN, '--json'])
    expect(stdout).toContain(`"why":{"code":"budget-spent","severity":"error","args":{"${borne}}`)
    expect(stderr.includes('maxFailures, gates say something else by now')).toBe(more.length === 0)
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toEqual([...new Set(lines)])
    const again = (await journal()).split('\n').find(line => line.includes('run-resumed'))
    expect(again).toContain(more.length === 0 ? '"timeout":"100ms"' : '"rollout":{"maxFailures":2}')
  })

  it('says which gate of the run fleet.yml has lost', async () => {
    const gate = { type: 'host-gate', host: 'h1', when: 'before', is: 'pass', detail: '' } as const
    const { fleet } = await site({
      events: [planned(['h1']), { ...gate, gate: 'tcp 443' }, { ...gate, gate: 'tcp 80' }],
      files: { 'fleet.yml': 'rollout: {gates: [{tcp: 80}]}\n' },
    })
    const { stderr } = await fleet(['resume', '--json'])
    expect(stderr).toMatch(/the gate tcp 443 before its changes, and fleet\.yml doesn't have it/)
    expect(stderr).not.toContain('tcp 80')
  })

  it('minds no row that the run had nothing to do with', async () => {
    const { fleet } = await site({
      events: [planned(['h1'])],
      files: { 'inventory.ini': `h1 ${NOBODY}\nwin ansible_connection=winrm\n` },
    })
    expect((await fleet(['history'])).stdout).toContain(RUN)
    expect((await fleet(['promote', RUN])).stderr).toContain('is not going on any more')
    const { code, stdout } = await fleet(['resume', '--json'])
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringContaining('"host":"h1","state":"unreachable"'),
    })
  })
})

describe.concurrent('fleet resume of a taking back', () => {
  const events = [
    planned(['h1', 'h2', 'gone'], ['h3']),
    ...['h1', 'gone'].flatMap(host => [armed(host), settled(host, 'persisted')]),
    armed('h2'),
    settled('h2', 'failed'),
    { type: 'taking-back', run: RUN, hosts: ['h1', 'gone'], why: WHY },
  ] as const

  it('lets be what is known of hosts that failed, and names each that stays on its new rules', async () => {
    const { fleet } = await site({ events })
    const { code, stdout } = await fleet(['resume', RUN])
    expect(code).toBe(3)
    const { stdout: told } = await fleet(['history', RUN, '--json'])
    const of = (host: string) => told.split('\n').findLast(line => line.includes(`"host":"${host}"`)) ?? ''
    expect(of('h1')).toContain('"last":"no-key"')
    expect(of('gone')).toContain('"last":"host-not-in-inventory"')
    expect(of('h2')).toContain('"state":"failed"')
    expect(of('h3')).toContain('"state":"not started"')
    expect(stdout).toContain('stands on its new rules')
  })
})
