import { canonical } from './canonical.ts'
import { next } from './protocol.ts'
import { begin, type Edge, type State, type World } from './state.ts'

export interface Node {
  readonly state: State
  readonly edges: readonly Link[]
  /** How it was first reached: by a shortest way. */
  readonly from: Node | undefined
  readonly by: string
}

export interface Link {
  readonly edge: Edge
  readonly to: Node
}

type Growing = Omit<Node, 'edges'> & { edges: Link[] }

const LIMIT = 600_000

const keyOf = (state: State) => Object.values(state).join()

/** Every state that can be reached, those nearest to the beginning first. `until` ends it early. */
export function explore(world: World, until: (state: State) => boolean = () => false): readonly Node[] {
  const start: Growing = { state: begin(world), from: undefined, by: 'begins', edges: [] }
  const known = new Map<string, Growing>([[keyOf(start.state), start]])
  const nodes = [start]
  // The list grows while it is gone through: that is the queue.
  for (const node of nodes) {
    if (until(node.state)) break
    for (const edge of next(node.state, world)) {
      const state = canonical({ ...node.state, ...edge.change }, world)
      const key = keyOf(state)
      let to = known.get(key)
      if (!to) {
        to = { state, from: node, by: `${edge.actor}: ${edge.what}`, edges: [] }
        known.set(key, to)
        nodes.push(to)
      }
      if (to !== node) node.edges.push({ edge, to })
    }
    if (nodes.length > LIMIT)
      throw new Error(`more than ${LIMIT} states: the model has a counter without a bound`)
  }
  return nodes
}

/** The steps that lead to a node, a line each, with what each changed. */
export function trace(node: Node): readonly string[] {
  if (!node.from) return [node.by]
  const before = new Map(Object.entries(node.from.state))
  const changes = Object.entries(node.state)
    .filter(([key, value]) => before.get(key) !== value)
    .map(([key, value]) => `${key}=${String(value)}`)
  return [...trace(node.from), `${node.by}  [${changes.join(' ')}]`]
}
