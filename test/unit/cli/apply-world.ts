import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { Flags } from '../../../src/cli/command.ts'
import { hostsAtOnce } from '../../../src/cli/hosts.ts'
import { readInputs } from '../../../src/cli/inputs.ts'
import type { Prepared } from '../../../src/cli/prepared.ts'
import { runProgram } from '../../../src/cli/program.ts'
import { readJournal } from '../../../src/journal/replay.ts'
import type { Outcome } from '../../../src/model/event.ts'
import { observeAll } from '../../../src/rollout/observe-all.ts'
import { FakeHost, type Kind } from '../rollout/fake-host.ts'
import { IdleClock } from './idle-clock.ts'

interface World {
  readonly clock: IdleClock
  readonly kinds: Readonly<Record<string, Kind>>
}

let world: World | undefined

/** What `prepare` of src/cli/survey.ts makes, but for hosts that aren't there. */
export async function prepareFakes(flags: Flags): Promise<Prepared> {
  const { clock, kinds } = world ?? expect.fail('nobody applies')
  const inputs = await readInputs(flags)
  const fleet = new Map(
    inputs.hosts.map(({ name }) => [name, new FakeHost(name, kinds[name] ?? 'good', clock)] as const),
  )
  const named = (name: string) => fleet.get(name) ?? expect.fail(`${name} is no host`)
  const targets = inputs.hosts.map(({ name }) => named(name).target(2))
  const each: Prepared['each'] = (items, work) => Promise.allSettled(items.map(work))
  return {
    inputs,
    each,
    connect: connection => named(connection.host).target(2).connect,
    hosts: hostsAtOnce(inputs, flags),
    clock,
    back: name => named(name).target(1),
    targets,
    survey: emit => observeAll(targets, { each, clock, emit, open: 1000 }),
  }
}

/** What became of an apply: its stages, when each host was armed, and what each ended with. */
export interface Applied {
  readonly code: number
  readonly stages: readonly (readonly string[])[]
  readonly armed: readonly { readonly host: string; readonly at: string }[]
  readonly ends: Readonly<Record<string, string>>
  readonly why: string | undefined
}

interface Site {
  readonly inventory: string
  readonly config?: string
  readonly kinds?: World['kinds']
  /** On the wall. */
  readonly began?: Date
}

/** `fleet apply` with these flags, from the command line to the journal. */
export async function apply(site: Site, ...words: readonly string[]): Promise<Applied> {
  const folder = await mkdtemp(join(tmpdir(), 'apply-'))
  const journal = join(folder, 'runs')
  const [inventory, config] = [join(folder, 'inventory.ini'), join(folder, 'fleet.yml')]
  await writeFile(inventory, site.inventory)
  if (site.config) await writeFile(config, site.config)
  const clock = new IdleClock(site.began ?? new Date(2026, 0, 31, 12, 0))
  world = { clock, kinds: site.kinds ?? {} }
  const heard = SIGNALS.map(signal => process.listeners(signal))
  const silent = [process.stdout, process.stderr].map(stream =>
    vi.spyOn(stream, 'write').mockReturnValue(true),
  )
  try {
    const argv = ['apply', inventory, '--yes', '--journal', journal, ...words]
    const code = await clock.run(runProgram(argv, '0.0.0'))
    const [file = ''] = (await readdir(journal)).filter(name => name.endsWith('.jsonl'))
    return { code, ...told(await readJournal(join(journal, file))) }
  } finally {
    for (const spy of silent) spy.mockRestore()
    for (const [index, signal] of SIGNALS.entries())
      for (const listener of process.listeners(signal))
        if (!heard[index]?.includes(listener)) process.removeListener(signal, listener)
    await rm(folder, { recursive: true })
  }
}

/** A command that is refused ends its process, and needn't forget them. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function told(recorded: Awaited<ReturnType<typeof readJournal>>): Omit<Applied, 'code'> {
  const armed: { host: string; at: string }[] = []
  const ends: Record<string, string> = {}
  let stages: Applied['stages'] = []
  let why: string | undefined
  for (const { at, event } of recorded) {
    if (event.type === 'rollout-planned') stages = event.stages
    if (event.type === 'rollout-stopped') why = event.why.code
    if (event.type === 'host-settled') ends[event.host] = said(event)
    if (event.type === 'host-step' && event.step === 'arming')
      armed.push({ host: event.host, at: hourOf(at) })
  }
  return { stages, armed, ends, why }
}

const said = ({ state, finding }: Outcome) => (finding ? `${state}: ${finding.code}` : state)
/** `21:30` on this machine. */
const hourOf = (at: string) => new Date(at).toTimeString().slice(0, 5)
