import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import type { LabSpec } from '../../../src/lab/spec.ts'

/* What `fleet lab` asks of a lab; test/integration/lab.test.ts has real ones. */

const lab = vi.hoisted(() => ({ folder: '', started: [] as unknown[], ran: [] as (readonly string[])[] }))
const fake = () => ({
  stateDir: lab.folder,
  keyFile: '/lab/key',
  knownHosts: '/lab/known',
  attach: async (argv: readonly string[]) => lab.ran.push(argv) * 0 + 7,
})
vi.mock('../../../src/lab/lab.ts', () => ({
  openLab: async () => fake(),
  startLab: async (spec: LabSpec) => {
    lab.started.push(...spec.hosts)
    return fake()
  },
}))

beforeEach(async () => {
  Object.assign(lab, { folder: await mkdtemp(join(tmpdir(), 'lab-')), started: [], ran: [] })
})
afterEach(() => rm(lab.folder, { recursive: true }))

describe('fleet lab run', () => {
  const ran = async (...words: string[]) => {
    expect(await runProgram(['lab', 'run', ...words], '0.0.0')).toBe(7)
    return lab.ran[0]
  }

  it('leaves its command the flags that stand there, with -- before it or without', async () => {
    expect(await ran('sh', '-c', 'true', '--', '-x')).toEqual(['sh', '-c', 'true', '--', '-x'])
    lab.ran.pop()
    expect(await ran('--', 'sh', '-c', 'true', '--json')).toEqual(['sh', '-c', 'true', '--json'])
  })

  it('runs this very fleet', async () => {
    expect(await ran('fleet', 'plan', '-l', 'web1')).toEqual([
      process.execPath,
      process.argv[1],
      'plan',
      '-l',
      'web1',
    ])
  })

  it.each(['ssh', 'scp', 'sftp'])('lets %s know the key and the hosts of the lab', async program => {
    const config = join(lab.folder, 'ssh_config')
    expect(await ran('--', program, 'web1')).toEqual([program, '-F', config, 'web1'])
  })
})

describe('fleet lab up', () => {
  it('starts a host for each row, which is reached where the inventory says: at an address or a name', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const inventory = join(lab.folder, 'inventory.yml')
    await writeFile(
      inventory,
      JSON.stringify({
        all: {
          hosts: {
            web1: {},
            web2: { ansible_host: 'web2.example.org', ansible_port: 2222 },
            db1: { ansible_host: '2001:db8::7' },
          },
        },
      }),
    )
    const code = await runProgram(['lab', 'up', inventory], '0.0.0')
    write.mockRestore()
    expect(code).toBe(0)
    expect(lab.started).toEqual([
      { name: 'web1' },
      { name: 'web2', address: 'web2.example.org', port: 2222 },
      { name: 'db1', address: '2001:db8::7' },
    ])
    expect(await readFile(join(lab.folder, 'ssh_config'), 'utf8')).toBe(
      'Host web2 web2.example.org\nPort 2222\nHost *\nUser root\nIdentityFile /lab/key\nIdentitiesOnly yes\nUserKnownHostsFile /lab/known\n',
    )
  })
})
