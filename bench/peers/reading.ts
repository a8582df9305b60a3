import type { LabHost } from '../../src/lab/host.ts'
import { FAMILIES, type Family, type PerFamily } from '../../src/model/family.ts'
import { inForce } from '../../test/integration/hosts/rules.ts'
import type { Rules } from './rules.ts'

/** Rules by the name that the table gives them. */
export type Sides = Readonly<Record<string, Rules>>

/** For each family the name of the rules that are there, or of none that anybody asked for. */
export type Reading = PerFamily<string>

const EMPTY = 'no rules'
const OTHER = 'neither'
const THEIRS = /^.*(?:DOCKER|docker0|172\.17\.).*\n/gm
const EMPTY_TABLE = /^\*\w+\n(?::\w+ ACCEPT[^\n]*\n)*COMMIT\n/gm

/** What these rules are once a host has loaded them, in a network namespace of its own. */
export async function canonical(host: LabHost, sides: Sides): Promise<Sides> {
  const named = Object.entries(sides).map(async ([name, rules]) => {
    const [four, six] = await Promise.all(FAMILIES.map(family => load(host, family, rules[family])))
    return [name, { 4: four ?? '', 6: six ?? '' }] as const
  })
  return Object.fromEntries(await Promise.all(named))
}

/** `refused` where the kernel doesn't take them: equal to nothing that a host can have. */
async function load(host: LabHost, family: Family, text: string): Promise<string> {
  const program = family === 4 ? 'iptables' : 'ip6tables'
  const script = `XTABLES_LOCKFILE=/run/xtables.reading unshare --net sh -c '${program}-restore && ${program}-save'`
  const { code, stdout } = await host.exec(script, text)
  return code === 0 ? plain(stdout) : 'refused'
}

/** The rules of a host's two families by their names. */
export async function read(host: LabHost, sides: Sides): Promise<Reading> {
  const [four = '', six = ''] = await inForce(host)
  return { 4: nameOf(four, 4, sides), 6: nameOf(six, 6, sides) }
}

function nameOf(save: string, family: Family, sides: Sides): string {
  const own = plain(save)
  const found = Object.entries(sides).find(([, rules]) => rules[family] === own)
  return found?.[0] ?? (own === '' ? EMPTY : OTHER)
}

/** Without comments, counters, Docker's own, and tables that do nothing. */
const plain = (save: string) =>
  save
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/ \[\d+:\d+\]$/gm, '')
    .replaceAll(THEIRS, '')
    .replaceAll(EMPTY_TABLE, '')
