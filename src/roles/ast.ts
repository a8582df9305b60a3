interface Nodes {
  readonly ContentStatement: hbs.AST.ContentStatement
  readonly MustacheStatement: hbs.AST.MustacheStatement
  readonly BlockStatement: hbs.AST.BlockStatement
  readonly PartialStatement: hbs.AST.PartialStatement
  readonly PathExpression: hbs.AST.PathExpression
  readonly SubExpression: hbs.AST.SubExpression
  readonly StringLiteral: hbs.AST.StringLiteral
}

/** Handlebars' types don't say that a node's type tells its shape. */
export const isNode = <K extends keyof Nodes>(node: hbs.AST.Node, type: K): node is Nodes[K] =>
  node.type === type

export const lineOf = (node: hbs.AST.Node) => node.loc.start.line

/** Handlebars leaves `hash` out where a call has none, whatever its types say. */
export const pairsOf = (node: { readonly hash?: hbs.AST.Hash }) => node.hash?.pairs ?? []

export const pathTo = (name: string, { loc }: hbs.AST.Node): hbs.AST.PathExpression => ({
  type: 'PathExpression',
  data: false,
  depth: 0,
  parts: [name],
  original: name,
  loc,
})

export const textNode = (value: string, { loc }: hbs.AST.Node): hbs.AST.StringLiteral => ({
  type: 'StringLiteral',
  value,
  original: value,
  loc,
})

export const contentNode = (value: string, { loc }: hbs.AST.Node) => ({
  type: 'ContentStatement',
  value,
  original: value,
  loc,
})

/** What a literal or a path says in the template. */
export function spelled(node: hbs.AST.Node): string {
  return 'original' in node ? String(node.original) : node.type
}
