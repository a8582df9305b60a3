import { contentNode, isNode, lineOf, pairsOf, pathTo, spelled, textNode } from './ast.ts'
import { checkExpression, checkRuleHelper } from './expressions.ts'
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
  if (isNode(node, 'ContentStatement')) return [markContent(node, scope)]
  if (isNode(node, 'MustacheStatement')) return [mark(node, scope), checkMustache(node, scope)]
  if (isNode(node, 'PartialStatement')) return [mark(node, scope), checkPartial(node, scope)]
  if (isNode(node, 'BlockStatement')) {
    checkBlock(node, scope)
    return [mark(node, scope), node]
  }
  if (node.type !== 'CommentStatement') report(scope, 'template-statement', {}, lineOf(node))
  return []
}

function checkMustache(node: Mustache, scope: Scope): Mustache {
  const { path } = node
  const name = spelled(path)
  if (isNode(path, 'PathExpression') && Object.hasOwn(RULE_HELPERS, name)) {
    checkRuleHelper(node, name, scope)
    return node
  }
  if (node.params.length > 0 || pairsOf(node).length > 0) {
    const known = Object.keys(RULE_HELPERS)
    report(scope, 'template-unknown-helper', { name, nearest: near(name, known), known }, lineOf(node))
    return node
  }
  if (isNode(path, 'PathExpression')) return wrapValue(node, path, scope)
  report(scope, 'template-undeclared', { name, nearest: null, known: [] }, lineOf(node))
  return node
}

/** `{{x}}` becomes a call that looks at the value before it goes into the words. */
function wrapValue(node: Mustache, path: hbs.AST.PathExpression, scope: Scope): Mustache {
  const name = path.original
  checkExpression(path, scope)
  return { ...node, path: pathTo(VALUE_HELPER, node), params: [textNode(name, node), path] }
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

/** Handlebars leaves `blockParams` out where there are none, whatever its types say. */
const inside = ({ blockParams }: Partial<Program>, scope: Scope): Scope => ({
  ...scope,
  inEach: true,
  params: [...scope.params, ...(blockParams ?? [])],
})

/** A partial is a template with declarations of its own; it becomes a call that runs it with just the values given. */
function checkPartial(node: hbs.AST.PartialStatement, scope: Scope): Mustache {
  const name = isNode(node.name, 'PathExpression') ? node.name.original : ''
  if (!/^[\w-]+$/.test(name)) report(scope, 'template-partial-name', {}, lineOf(node))
  if (node.params.length > 0) report(scope, 'template-partial-context', { name }, lineOf(node))
  for (const { value } of pairsOf(node)) checkExpression(value, scope)
  const keys = pairsOf(node).map(({ key }) => key)
  scope.partials.push({ name, line: lineOf(node), keys })
  const { loc, hash, strip } = node
  const path = pathTo(PARTIAL_HELPER, node)
  return { type: 'MustacheStatement', path, params: [textNode(name, node)], hash, strip, loc, escaped: false }
}

const mark = (node: Statement, scope: Scope): Statement =>
  contentNode(markLine(scope.file, lineOf(node)), node)

function markContent(node: hbs.AST.ContentStatement, scope: Scope): Statement {
  const first = lineOf(node) + strippedLines(node)
  const lines = node.value.split('\n').map((line, index) => markLine(scope.file, first + index) + line)
  return contentNode(lines.join('\n'), node)
}

/** Lines that whitespace control took from the front: a block's own line, or all blanks at a `~`. */
function strippedLines(node: hbs.AST.ContentStatement): number {
  const { value } = node
  const whole = spelled(node)
  if (whole.startsWith(value)) return 0
  const own = /^[ \t]*\r?\n?/.exec(whole)?.[0] ?? ''
  const gone = whole.slice(own.length).startsWith(value) ? own : (/^\s*/.exec(whole)?.[0] ?? '')
  return gone.split('\n').length - 1
}
