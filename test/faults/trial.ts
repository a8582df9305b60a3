import { beforeAll, expect } from 'vitest'
import type { LabHost } from '../../src/lab/host.ts'
import type { Lab } from '../../src/lab/lab.ts'
import type { HostSpec } from '../../src/lab/spec.ts'
import { type Files, makeSite, type Running, type Site } from '../integration/hosts/site.ts'
import { type TestLab, useTestLab } from '../integration/hosts/test-lab.ts'
import { apartFrom, type Ground, readGround, renewed } from './ground.ts'
import { tells } from './story.ts'

/** Where a host stands: on the rules from before the change, or on those of the change. Nothing else is ever right. */
export type Side = 'OLD' | 'NEW'

/** A run that is under way, and the folder it was started in. */
export interface Attempt {
  readonly site: Site
  readonly running: Running
}

const OLD_PORTS = '[80, 443]'
const NEW_PORTS = '[80, 8443]'
/** Seconds to confirm: the shortest there are. */
export const SECONDS = 4

/** No line is of other software. */
const NOBODYS = /(?!)/

/** What a state says of its host's ground. Of the other states nothing follows: a scenario says it itself. */
const SIDE: Readonly<Record<string, Side>> = {
  persisted: 'NEW',
  unchanged: 'OLD',
  reverted: 'OLD',
  refused: 'OLD',
  failed: 'OLD',
  unreachable: 'OLD',
  'not started': 'OLD',
}

/**
 * Hosts that all stand on OLD (generation 1, port 443 open), and a change to NEW (generation 2, port 8443 in its place)
 * that is put in harm's way. Each scenario takes hosts of its own.
 */
export class Trial {
  readonly #lab: () => Lab
  readonly #old = new Map<string, Ground>()

  constructor(lab: () => Lab) {
    this.#lab = lab
  }

  get lab(): Lab {
    return this.#lab()
  }

  host(name: string): LabHost {
    return this.lab.host(name)
  }

  /** Runs shell text on a host; an exit code other than 0 is an error. */
  async must(name: string, script: string, stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.host(name).exec(script, stdin)
    if (code !== 0) throw new Error(`${name}: ${script}: ${code} ${stdout}${stderr}`)
    return stdout
  }

  /** A folder that asks for OLD on these hosts; `rows` are names, or whole rows of the inventory. */
  oldSite(rows: readonly string[], files: Files = {}): Promise<Site> {
    return this.#site(rows, OLD_PORTS, files)
  }

  /** One that asks for NEW. */
  newSite(rows: readonly string[], files: Files = {}): Promise<Site> {
    return this.#site(rows, NEW_PORTS, files)
  }

  #site(rows: readonly string[], ports: string, files: Files): Promise<Site> {
    return makeSite(this.lab, ['[web]', ...rows], {
      'group_vars/web.yml': `http_ports: ${ports}\n`,
      ...files,
    })
  }

  /** `fleet apply` of NEW on these hosts, under way, with the shortest time to confirm. */
  async begin(rows: readonly string[], ...args: readonly string[]): Promise<Attempt> {
    return this.start(await this.newSite(rows), ...args)
  }

  start(site: Site, ...args: readonly string[]): Attempt {
    const short = ['--confirm-timeout', String(SECONDS), '--connect-timeout', '3']
    const own = short.filter((_, at) => !args.includes(short[at - (at % 2)] ?? ''))
    return { site, running: site.start('apply', 'inventory.ini', ...own, ...args) }
  }

  /** Brings hosts to OLD and remembers what that is. */
  async settle(...names: readonly string[]): Promise<void> {
    if (names.length > 0) await (await this.oldSite(names)).mustApply()
    await this.remember(...names)
  }

  /** What these hosts stand on now is their OLD from here on. */
  async remember(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async name => this.#old.set(name, await readGround(this.host(name)))))
  }

  /**
   * Live rules, sets and disk are wholly of one side, and nobody holds the host. `theirs` are lines of other software,
   * which are live whenever that wants them to be.
   */
  async isOn(name: string, side: Side, theirs = NOBODYS): Promise<void> {
    const [is, must] = [await readGround(this.host(name)), this.ground(name, side)]
    expect({ [name]: apartFrom(theirs, is) }).toEqual({ [name]: apartFrom(theirs, must) })
  }

  ground(name: string, side: Side): Ground {
    const old = this.#old.get(name)
    if (old === undefined) throw new Error(`nobody remembers what ${name} stood on`)
    return side === 'OLD' ? old : renewed(old, ['--dports 80,443', '--dports 80,8443'])
  }

  /**
   * The run ends with this verdict (`reverted: rolled-back` and the like) and exit code, every host stands where its
   * verdict says, and the journal tells how it came to that: what was asked, what was answered, and the same end.
   */
  async ends(
    attempt: Attempt,
    code: number,
    hosts: Readonly<Record<string, string>>,
    theirs = NOBODYS,
  ): Promise<void> {
    await this.says(attempt, code, hosts)
    for (const [name, said] of Object.entries(hosts)) {
      const side = SIDE[said.split(':')[0] ?? '']
      if (side) await this.isOn(name, side, theirs)
    }
  }

  /** The same of a host that stands on neither side: where, a scenario says itself. */
  async says(
    { site, running }: Attempt,
    code: number,
    hosts: Readonly<Record<string, string>>,
  ): Promise<void> {
    expect(await running.verdict()).toEqual({ code, hosts })
    for (const [name, said] of Object.entries(hosts)) await tells(site, name, said)
  }
}

/** A lab of these hosts for a file or a describe block, all of them on OLD, but for those in `untouched`. */
export function useTrial(
  name: string,
  hosts: readonly (string | HostSpec)[],
  { untouched = [], ...more }: TestLab & { readonly untouched?: readonly string[] } = {},
): Trial {
  const trial = new Trial(useTestLab(name, hosts, { packages: true, ...more }))
  const names = hosts.map(host => (typeof host === 'string' ? host : host.name))
  beforeAll(async () => {
    await trial.settle(...names.filter(one => !untouched.includes(one)))
    await trial.remember(...untouched)
  })
  return trial
}
