import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The law of the house: a room imports only rooms above it, itself included.
 * `pure` is how much of a room is: all of it, none of it, or the files listed.
 */
const ROOMS: readonly { room: string; pure: boolean | readonly string[]; notBeside?: readonly string[] }[] = [
  { room: 'model', pure: true },
  { room: 'address', pure: true },
  { room: 'config', pure: false },
  { room: 'inventory', pure: false },
  { room: 'feeds', pure: false },
  { room: 'ruleset', pure: true },
  { room: 'roles', pure: false },
  { room: 'evaluate', pure: true },
  { room: 'lint', pure: true },
  { room: 'policy', pure: true },
  { room: 'session', pure: false },
  { room: 'host', pure: false },
  { room: 'block', pure: false },
  { room: 'plan', pure: true },
  { room: 'rollout', pure: false },
  { room: 'journal', pure: false, notBeside: ['rollout'] },
  { room: 'notify', pure: false, notBeside: ['rollout', 'journal'] },
  { room: 'report', pure: false, notBeside: ['rollout', 'journal', 'notify'] },
  { room: 'lab', pure: false },
  { room: 'cli', pure: false },
]

const IMPURE =
  /\b(process|console|setTimeout|setInterval|performance|fetch)\b\s*[.(]|\bDate\.now\b|\bnew Date\(\)|Math\.random/
const SRC = resolve('src')
const order = ROOMS.map(({ room }) => room)

interface Source {
  path: string
  room: string
  text: string
  imports: string[]
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => read(path))

function read(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8')
  const code = text.replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '')
  const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1] ?? '')
  return { path, room: path.includes('/') ? (path.split('/')[0] ?? '') : '', text: code, imports }
}

/** Where a relative import leads, as a path below src. */
const target = (source: Source, specifier: string) =>
  relative(SRC, resolve(SRC, dirname(source.path), specifier))
const inside = (source: Source) =>
  source.imports.filter(name => name.startsWith('.')).map(name => target(source, name))
const roomOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '')
const isPure = (source: Source) => {
  const pure = ROOMS.find(({ room }) => room === source.room)?.pure
  return pure === true || (Array.isArray(pure) && pure.includes(source.path))
}

describe('the house', () => {
  it('has only rooms that the table knows', () => {
    expect(
      sources.filter(({ room }) => room !== '' && !order.includes(room)).map(({ path }) => path),
    ).toEqual([])
  })

  it('imports only from rooms above', () => {
    const wrong = sources.flatMap(source =>
      inside(source)
        .filter(to => !mayImport(source.room, roomOf(to)))
        .map(to => `${source.path} -> ${to}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no cycle between files, type-only imports included', () => {
    expect(findCycle()).toEqual([])
  })

  it('keeps pure files pure', () => {
    const wrong = sources
      .filter(isPure)
      .flatMap(source => [
        ...source.imports
          .filter(name => name.startsWith('node:') && !['node:net', 'node:crypto'].includes(name))
          .map(name => `${source.path} imports ${name}`),
        ...(IMPURE.test(source.text) ? [`${source.path} touches the world`] : []),
      ])
    expect(wrong).toEqual([])
  })

  it('ends the process in one place', () => {
    expect(sources.filter(({ text }) => /process\.exit\b/.test(text)).map(({ path }) => path)).toEqual([
      'main.ts',
    ])
  })

  it('loads no templates for an emergency block', () => {
    const loaded = [...loadedWith('cli/block.ts')]
    expect(loaded).toContain('block/push.ts')
    expect(loaded.filter(path => /^(roles|ruleset|evaluate|lint|plan)\//.test(path))).toEqual([])
  })

  it('has no file over 250 lines and no drawer', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 251).map(({ path }) => path)).toEqual([])
    expect(
      sources
        .filter(({ path }) => /(^|\/)(utils?|misc|common|types)(\/|\.ts$)/.test(path))
        .map(({ path }) => path),
    ).toEqual([])
  })
})

function mayImport(from: string, to: string): boolean {
  if (from === '' || from === to) return true
  if (order.indexOf(to) > order.indexOf(from)) return false
  return !(ROOMS.find(({ room }) => room === from)?.notBeside ?? []).includes(to)
}

/** What is read before a file's first line runs: types and what is imported later aren't. */
function loadedWith(path: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(path)) return loaded
  loaded.add(path)
  const source = sources.find(one => one.path === path)
  const now = [...(source?.text.matchAll(/^(?:import|export) (?!type )[^']*?from '(\.[^']+)'/gm) ?? [])]
  for (const [, name = ''] of now) if (source) loadedWith(target(source, name), loaded)
  return loaded
}

function findCycle(): string[] {
  const edges = new Map(sources.map(source => [source.path, inside(source)]))
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return []
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path])
      if (cycle.length > 0) return cycle
    }
    done.add(path)
    return []
  }
  for (const { path } of sources) {
    const cycle = visit(path, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
