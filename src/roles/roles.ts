import { makeEngine } from './engine.ts'
import { blockHelpers } from './helpers/blocks.ts'
import { ruleHelpers } from './helpers/rules.ts'
import { openTemplates, SHIPPED_TEMPLATES, type TemplateDirectory, type Templates } from './templates.ts'

/** The templates of the given folders, earlier ones first, and then the ones that ship. Throws `services-bad`. */
export function openRoles(directories: readonly TemplateDirectory[]): Templates {
  return openTemplates([...directories, SHIPPED_TEMPLATES], makeEngine({ ...ruleHelpers, ...blockHelpers }))
}
