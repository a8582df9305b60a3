import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FleetError } from '../model/error.ts'
import type { Engine } from './engine.ts'
import { listIfThere } from './files.ts'
import { readServices, type Services } from './services.ts'
import type { Compiled } from './template.ts'

/** A folder of templates, and how messages name it. */
export interface TemplateDirectory {
  readonly path: string
  readonly shown: string
}

/** The roles that ship: beside `src/` and beside `dist/`. */
export const SHIPPED_TEMPLATES: TemplateDirectory = {
  path: fileURLToPath(new URL('../../templates', import.meta.url)),
  shown: 'templates',
}

export interface Templates {
  readonly names: ReadonlySet<string>
  readonly services: Services
  /** Undefined: no folder has it. Each is read and compiled once. */
  get(name: string): Compiled | undefined
}

/** The templates of all folders by name; of equal names the one in the earlier folder. Folders that don't exist are empty. */
export function openTemplates(directories: readonly TemplateDirectory[], engine: Engine): Templates {
  const files = new Map<string, { path: string; shown: string }>()
  for (const { path, shown } of directories) {
    for (const file of listTemplates(path)) {
      const name = file.slice(0, -'.hbs'.length)
      if (!files.has(name)) files.set(name, { path: join(path, file), shown: `${shown}/${file}` })
    }
  }
  const compiled = new Map<string, Compiled | 'running'>()
  const get = (name: string): Compiled | undefined => {
    const known = compiled.get(name)
    const file = files.get(name)
    if (known === 'running') return cycle(name, file?.shown ?? name)
    if (known || !file) return known
    compiled.set(name, 'running')
    const fresh = engine.compile(name, file.shown, readText(file.path), get)
    compiled.set(name, fresh)
    return fresh
  }
  // The user's own are checked at once; the one that ships is read when a rule first names a service.
  let services = hasOwnServices(directories) ? readServices(directories) : undefined
  return {
    names: new Set(files.keys()),
    get services() {
      services ??= readServices(directories)
      return services
    },
    get,
  }
}

/** The names of all roles there are; nothing is compiled. */
export const roleNames = (directories: readonly TemplateDirectory[]): ReadonlySet<string> =>
  new Set(directories.flatMap(({ path }) => listTemplates(path).map(file => file.slice(0, -'.hbs'.length))))

function hasOwnServices(directories: readonly TemplateDirectory[]): boolean {
  return directories.some(one => one !== SHIPPED_TEMPLATES && existsSync(join(one.path, 'services.yml')))
}

function cycle(name: string, file: string): Compiled {
  const { finding } = new FleetError('template-partial-cycle', { name }, { at: { file } })
  return { template: undefined, findings: [finding] }
}

const listTemplates = (path: string) =>
  listIfThere(path)
    .filter(file => /^[\w-]+\.hbs$/.test(file))
    .sort()

/** Without the mark that some editors put first. */
const readText = (path: string) => readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
