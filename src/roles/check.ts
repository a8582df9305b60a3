import { checkExpression, checkRuleHelper, lineOf, pairsOf } from './expressions.ts'
import { markLine } from './marks.ts'
import { BLOCKS, near, PARTIAL_HELPER, RULE_HELPERS, report, type Scope, VALUE_HELPER } from './names.ts'

type Program = hbs.AST.Program
type Statement = hbs.AST.Statement
type Mustache = hbs.AST.MustacheStatement
type Block = hbs.AST.BlockStatement

/**
 * The one pass between parse and compile. It refuses every name that isn't declared and every helper that
 * isn't known, puts a check around each bare value, and marks every line of words and every statement with
 * its line. Findings go to the scope; the program is changed in place and must not be compiled if there are any.
 */
export function checkProgram(program: Program, scope: Scope): void {
  program.body = program.body.flatMap(statement => checkStatement(statement, scope))
}

function checkStatement(node: Statement, scope: Scope): Statement[] {
  switch (node.type) {
    case 'ContentStatement':
      return [markContent(node as hbs.AST.ContentStatement, scope)]
    case 'CommentStatement':
      return []
    case 'MustacheStatement':
      return [mark(node, scope), checkMustache(node as Mustache, scope)]
    case 'BlockStatement':
      checkBlock(node as Block, scope)
      return [mark(node, scope), node]
    case 'PartialStatement':
      return [mark(node, scope), checkPartial(node as hbs.AST.PartialStatement, scope)]
    default:
      report(scope, 'template-statement', {}, lineOf(node))
      return [node]
  }
}

function checkMustache(node: Mustache, scope: Scope): Mustache {
  const path = node.path as hbs.AST.PathExpression
  if (node.path.type === 'PathExpression' && Object.hasOwn(RULE_HELPERS, path.original)) {
    checkRuleHelper(node, path.original, scope)
    return node
  }
  if (node.params.length > 0 || pairsOf(node).length > 0) {
    const name = String(path.original)
    const known = Object.keys(RULE_HELPERS)
    report(scope, 'template-unknown-helper', { name, nearest: near(name, known), known }, lineOf(node))
    return node
  }
  if (node.path.type !== 'PathExpression') {
    report(
      scope,
      'template-undeclared',
      { name: String(path.original), nearest: null, known: [] },
      lineOf(node),
    )
    return node
  }
  return wrapValue(node, path, scope)
}

/** `{{x}}` becomes a call that looks at the value before it goes into the words. */
function wrapValue(node: Mustache, path: hbs.AST.PathExpression, scope: Scope): Mustache {
  const name = path.original
  checkExpression(path, scope)
  return { ...node, path: pathTo(VALUE_HELPER, node), params: [text(name, node), path] }
}

function checkBlock(node: Block, scope: Scope) {
  const name = node.path.original
  if (!Object.hasOwn(BLOCKS, name)) {
    const known = Object.keys(BLOCKS)
    report(
      scope,
      'template-unknown-helper',
      { name: `#${name}`, nearest: near(name, known), known },
      lineOf(node),
    )
    return
  }
  const takes = BLOCKS[name] ?? 0
  if (node.params.length !== takes || pairsOf(node).length > 0) {
    const expected = takes === 0 ? 'nothing' : 'one value'
    report(scope, 'template-arguments', { helper: `#${name}`, expected }, lineOf(node))
  }
  for (const param of node.params) checkExpression(param, scope)
  if (node.program) checkProgram(node.program, name === 'each' ? inside(node.program, scope) : scope)
  if (node.inverse) checkProgram(node.inverse, scope)
}

const inside = ({ blockParams = [] }: Program, scope: Scope): Scope => ({
  ...scope,
  inEach: true,
  params: [...scope.params, ...blockParams],
})

/** A partial is a template with declarations of its own; it becomes a call that runs it with just the values given. */
function checkPartial(node: hbs.AST.PartialStatement, scope: Scope): Mustache {
  const name = node.name.type === 'PathExpression' ? (node.name as hbs.AST.PathExpression).original : ''
  if (!/^[\w-]+$/.test(name)) report(scope, 'template-partial-name', {}, lineOf(node))
  if (node.params.length > 0) report(scope, 'template-partial-context', { name }, lineOf(node))
  for (const { value } of pairsOf(node)) checkExpression(value, scope)
  const keys = pairsOf(node).map(({ key }) => key)
  scope.partials.push({ name, line: lineOf(node), keys })
  const { loc, hash, strip } = node
  const path = pathTo(PARTIAL_HELPER, node)
  return { type: 'MustacheStatement', path, params: [text(name, node)], hash, strip, loc, escaped: false }
}

const pathTo = (name: string, { loc }: hbs.AST.Node): hbs.AST.PathExpression => ({
  type: 'PathExpression',
  data: false,
  depth: 0,
  parts: [name],
  original: name,
  loc,
})

const text = (value: string, { loc }: hbs.AST.Node): hbs.AST.StringLiteral => ({
  type: 'StringLiteral',
  value,
  original: value,
  loc,
})

const content = (value: string, { loc }: hbs.AST.Node) => ({
  type: 'ContentStatement',
  value,
  original: value,
  loc,
})
const mark = (node: Statement, scope: Scope): Statement => content(markLine(scope.file, lineOf(node)), node)

function markContent(node: hbs.AST.ContentStatement, scope: Scope): Statement {
  const first = lineOf(node) + strippedLines(node)
  const lines = node.value.split('\n').map((line, index) => markLine(scope.file, first + index) + line)
  return content(lines.join('\n'), node)
}

/** Lines that whitespace control took from the front: a block's own line, or all blanks at a `~`. */
function strippedLines({ value, original }: hbs.AST.ContentStatement): number {
  const whole = String(original)
  if (whole.startsWith(value)) return 0
  const own = /^[ \t]*\r?\n?/.exec(whole)?.[0] ?? ''
  const gone = whole.slice(own.length).startsWith(value) ? own : (/^\s*/.exec(whole)?.[0] ?? '')
  return gone.split('\n').length - 1
}
