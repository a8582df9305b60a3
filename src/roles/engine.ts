import Handlebars from 'handlebars'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { checkProgram } from './check.ts'
import { declare } from './declare.ts'
import { CONTROL } from './marks.ts'
import { KNOWN_HELPERS, near, type PartialCall, report, type Scope } from './names.ts'
import type { Compiled, Declaration, Template } from './template.ts'

export interface Engine {
  /** Reads a template; `partial` answers the ones that it names. Compiles, but runs nothing. */
  compile(name: string, file: string, text: string, partial: (name: string) => Compiled | undefined): Compiled
}

const OPTIONS = { knownHelpersOnly: true, noEscape: true, preventIndent: true, explicitPartialContext: true }

/** Handlebars with just the helpers given: none of its own is left but those that they replace. */
export function makeEngine(helpers: Handlebars.HelperDeclareSpec): Engine {
  const instance = Handlebars.create()
  const builtIn = instance.helpers
  for (const name of ['lookup', 'log', 'with']) instance.unregisterHelper(name)
  instance.registerHelper(helpers)
  for (const name of KNOWN_HELPERS) {
    if (!builtIn[name]) throw new Error(`no helper ${name}`)
  }
  return { compile: (name, file, text, partial) => compile(instance, name, file, text, partial) }
}

function compile(
  instance: typeof Handlebars,
  name: string,
  file: string,
  text: string,
  partial: (name: string) => Compiled | undefined,
): Compiled {
  const { declaration, findings } = declare(text, file)
  findings.push(...controlCharacters(text, file))
  const program = findings.length === 0 ? parse(instance, declaration, file, findings) : undefined
  if (!program) return { template: undefined, findings }
  const scope = newScope(declaration, file, findings)
  checkProgram(program, scope)
  for (const call of scope.partials) checkCall(call, partial(call.name), scope)
  if (findings.length > 0) return { template: undefined, findings }
  return { template: build(instance, { name, file, declaration, used: scope.used }, program), findings }
}

const newScope = ({ vars }: Declaration, file: string, findings: Finding[]): Scope => ({
  file,
  declared: [...vars.keys()],
  params: [],
  inEach: false,
  findings,
  used: new Map(),
  partials: [],
})

function build(
  instance: typeof Handlebars,
  facts: Omit<Template, 'run'>,
  program: hbs.AST.Program,
): Template {
  const knownHelpers = Object.fromEntries(KNOWN_HELPERS.map(name => [name, true]))
  const delegate = instance.compile(program, { ...OPTIONS, knownHelpers })
  return {
    ...facts,
    run: (context, run) => delegate(context, { data: { fleet: { run, file: facts.file } } }),
  }
}

function parse(instance: typeof Handlebars, { body }: Declaration, file: string, findings: Finding[]) {
  try {
    return instance.parse(body)
  } catch (error) {
    findings.push(syntaxError(error, file))
    return undefined
  }
}

/** Handlebars says the line in its first sentence or at the end of its only one, and what it met in the last. */
function syntaxError(error: unknown, file: string): Finding {
  const said = error instanceof Error ? error.message : String(error)
  const line = /line (\d+)/.exec(said)?.[1] ?? / - (\d+):\d+$/.exec(said)?.[1] ?? '1'
  const message = (said.split('\n').at(-1) ?? '').replace(/ - \d+:\d+$/, '')
  const [, met = said.startsWith('Lexical') ? 'INVALID' : null] =
    /^Expecting .*, got '(\w+)'$/.exec(message) ?? []
  const args = { message, met }
  return new FleetError('template-syntax', args, { at: { file, line: Number(line) } }).finding
}

function controlCharacters(text: string, file: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      CONTROL.test(line.replace(/\r$/, ''))
        ? [new FleetError('template-control-character', {}, { at: { file, line: index + 1 } }).finding]
        : [],
    )
}

function checkCall({ name, line, keys }: PartialCall, compiled: Compiled | undefined, scope: Scope) {
  if (!compiled) return report(scope, 'template-partial-missing', { name }, line)
  if (!compiled.template) {
    scope.findings.push(...compiled.findings)
    return
  }
  const { vars } = compiled.template.declaration
  for (const key of keys.filter(key => !vars.has(key))) {
    report(
      scope,
      'template-unknown-argument',
      { helper: `> ${name}`, name: key, nearest: near(key, vars.keys()), known: [...vars.keys()] },
      line,
    )
  }
  for (const variable of vars.values()) {
    if (variable.default === undefined && !keys.includes(variable.name))
      report(scope, 'template-partial-value', { name, variable: variable.name }, line)
  }
}
