import { isNode, lineOf, pairsOf } from './ast.ts'
import { HOST_FIELDS, near, RULE_HELPERS, report, type Scope } from './names.ts'

type Path = hbs.AST.PathExpression

/**
 * Checks an argument, a block's condition or a bare name, and roots each variable: inside of `each` the
 * engine would look for it in the element, find nothing, and a missing `from` means anywhere.
 */
export function checkExpression(node: hbs.AST.Expression, scope: Scope): void {
  if (isNode(node, 'PathExpression')) checkPath(node, scope)
  else if (isNode(node, 'SubExpression')) checkSubExpression(node, scope)
  else if (node.type === 'UndefinedLiteral') report(scope, 'template-undefined', {}, lineOf(node))
}

function checkSubExpression(node: hbs.AST.SubExpression, scope: Scope) {
  const name = node.path.original
  if (name !== 'eq') {
    return report(
      scope,
      'template-unknown-helper',
      { name, nearest: near(name, ['eq']), known: ['eq'] },
      lineOf(node),
    )
  }
  if (node.params.length !== 2 || pairsOf(node).length > 0) {
    report(
      scope,
      'template-arguments',
      { helper: name, expected: 'two values: (eq name "value")' },
      lineOf(node),
    )
  }
  for (const param of node.params) checkExpression(param, scope)
}

function checkPath(path: Path, scope: Scope) {
  const name = path.original
  const problem = pathProblem(path)
  if (problem) return report(scope, 'template-path', { name, problem }, lineOf(path))
  if (path.data) return isInEach(path, scope)
  const [first] = path.parts
  if (first === undefined) return isInEach(path, scope)
  if (scope.params.includes(first)) return path.parts.length > 1 ? undeclared(path, scope) : undefined
  if (!isKnown(path.parts, scope)) return undeclared(path, scope)
  if (scope.declared.includes(first) && !scope.used.has(first)) scope.used.set(first, lineOf(path))
  path.data = true
  path.parts = ['root', ...path.parts]
}

/** `../`, `./x`, `this.x`, and data variables other than those of `each`. */
function pathProblem({ original, depth, data, parts }: Path): string | undefined {
  if (depth > 0) return 'parent'
  if (data) return ['index', 'key'].includes(parts.join('.')) ? undefined : 'data'
  if (/^(this|\.)[./]/.test(original) || original === '.') return 'this'
  return undefined
}

function isInEach(path: Path, scope: Scope) {
  if (!scope.inEach) report(scope, 'template-path', { name: path.original, problem: 'outside' }, lineOf(path))
}

function isKnown([first, ...rest]: readonly string[], scope: Scope): boolean {
  if (first === 'host') return rest.length === 1 && HOST_FIELDS.includes(rest[0] ?? '')
  return rest.length === 0 && (first === 'family' || scope.declared.includes(first ?? ''))
}

function undeclared(path: Path, scope: Scope) {
  const known = [...scope.declared, ...scope.params, 'family', ...HOST_FIELDS.map(field => `host.${field}`)]
  const args = { name: path.original, nearest: near(path.original, known), known }
  report(scope, 'template-undeclared', args, lineOf(path))
}

/** A call that writes rules: `accept "CHAIN" from=... tcp=...`. An unknown key is an error: `form=` would mean no `from`, which is anywhere. */
export function checkRuleHelper(node: hbs.AST.MustacheStatement, name: string, scope: Scope): void {
  const [chain, ...more] = node.params
  const named = chain && isNode(chain, 'StringLiteral') && /^[\w.-]+$/.test(chain.value)
  if (!named || more.length > 0) {
    report(
      scope,
      'template-arguments',
      { helper: name, expected: `a chain in quotes first: ${name} "INPUT"` },
      lineOf(node),
    )
  }
  const allowed = RULE_HELPERS[name] ?? []
  const seen = new Set<string>()
  for (const { key, value } of pairsOf(node)) {
    if (!allowed.includes(key)) {
      report(
        scope,
        'template-unknown-argument',
        { helper: name, name: key, nearest: near(key, allowed), known: [...allowed] },
        lineOf(value),
      )
    } else if (seen.has(key))
      report(scope, 'template-argument-twice', { helper: name, name: key }, lineOf(value))
    seen.add(key)
    checkExpression(value, scope)
  }
}
