import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { glob } from 'ssh-config'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { isSaid, PORT, readEndpoint, USER } from './endpoint.ts'
import { type Condition, type Directive, readDirectives } from './ssh-directives.ts'

/** The settings that would lead elsewhere, and the variables that overrule them. */
const OVERRULED_BY: Readonly<Record<string, readonly string[]>> = {
  hostname: [],
  port: PORT,
  user: USER,
  proxyjump: [],
  proxycommand: [],
}
/** As deep as OpenSSH goes. */
const DEEPEST = 16

/**
 * Warns of each entry of `~/.ssh/config` that would change host, port, user or proxy of one of the hosts, because
 * fleet doesn't read them yet. Runs nothing: where a `Match` can't be decided without running a command, it may hold.
 */
export async function findSshConfigEffects(
  hosts: Iterable<Host>,
  home: string,
  userGiven = false,
): Promise<Finding[]> {
  const file = join(home, '.ssh', 'config')
  const findings: Finding[] = []
  const directives = await readAll(file, '~/.ssh/config', home, [], findings, 0)
  const hit = new Map<Directive, string[]>()
  for (const host of hosts) {
    for (const directive of effectsOn(host, directives, userGiven)) {
      const names = hit.get(directive) ?? []
      names.push(host.name)
      hit.set(directive, names)
    }
  }
  const effects = [...hit].map(([{ keyword, value, at }, names]): Finding => {
    const args = { keyword: SPELLING[keyword] ?? keyword, value, hosts: names }
    return { code: 'ssh-config-ignored', severity: 'warning', args, at }
  })
  return [...findings, ...effects]
}

const SPELLING: Readonly<Record<string, string>> = {
  hostname: 'HostName',
  port: 'Port',
  user: 'User',
  proxyjump: 'ProxyJump',
  proxycommand: 'ProxyCommand',
}

/** The first setting of each keyword counts, as in OpenSSH. */
function effectsOn(host: Host, directives: readonly Directive[], userGiven: boolean): Directive[] {
  const address = addressOf(host)
  const decided = new Set<string>()
  return directives.filter(({ keyword, value, conditions }) => {
    const overruling = OVERRULED_BY[keyword]
    if (overruling === undefined || decided.has(keyword) || address === undefined) return false
    const verdicts = conditions.map(condition => holds(condition, address))
    if (verdicts.includes('no')) return false
    if (!verdicts.includes('maybe')) decided.add(keyword)
    if (keyword === 'user' && userGiven) return false
    return !isSaid(host, overruling) && !isHarmless(keyword, value, address)
  })
}

function isHarmless(keyword: string, value: string, address: string): boolean {
  if (keyword === 'hostname') return value.replaceAll('%h', address).toLowerCase() === address.toLowerCase()
  if (keyword === 'port') return value === '22'
  return keyword.startsWith('proxy') && value.toLowerCase() === 'none'
}

function holds(condition: Condition, address: string): 'yes' | 'no' | 'maybe' {
  if ('hosts' in condition) return glob(condition.hosts, address) ? 'yes' : 'no'
  const verdicts = Object.entries(condition.match).map(([criterion, value]) => {
    if (criterion === 'all') return 'yes'
    if (criterion !== 'host' && criterion !== 'originalhost') return 'maybe'
    return glob(value, address) ? 'yes' : 'no'
  })
  if (verdicts.includes('no')) return 'no'
  return verdicts.includes('maybe') ? 'maybe' : 'yes'
}

function addressOf(host: Host): string | undefined {
  try {
    return readEndpoint(host).address
  } catch {
    return undefined
  }
}

/** A file's settings with those that it includes in their places. */
async function readAll(
  path: string,
  name: string,
  home: string,
  outer: readonly Condition[],
  findings: Finding[],
  depth: number,
): Promise<Directive[]> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return []
  try {
    const directives = readDirectives(text, name, outer)
    const whole = directives.map(async directive => {
      if (directive.keyword !== 'include') return [directive]
      return readIncluded(directive, home, findings, depth + 1)
    })
    return (await Promise.all(whole)).flat()
  } catch (error) {
    const args = { cause: error instanceof Error ? error.message : String(error) }
    findings.push({ code: 'ssh-config-unreadable', severity: 'warning', args, at: { file: name } })
    return []
  }
}

async function readIncluded(include: Directive, home: string, findings: Finding[], depth: number) {
  const directives: Directive[] = []
  for (const pattern of include.value.split(' ')) {
    const path = resolve(home, '.ssh', pattern.replace(/^~(?=\/)/, home))
    if (depth > DEEPEST || /[*?[]/.test(dirname(path)) || /[[\]{}]/.test(basename(path))) {
      findings.push({ code: 'ssh-config-include', severity: 'warning', args: { pattern }, at: include.at })
      continue
    }
    for (const file of await expandFiles(path)) {
      directives.push(...(await readAll(file, file, home, include.conditions, findings, depth)))
    }
  }
  return directives
}

async function expandFiles(path: string): Promise<string[]> {
  if (!/[*?]/.test(basename(path))) return [path]
  const entries = await readdir(dirname(path)).catch(() => [])
  const visible = entries.filter(entry => !entry.startsWith('.') && glob([basename(path)], entry))
  return visible.sort().map(entry => join(dirname(path), entry))
}
