import type { Link, Node } from './explore.ts'
import { bootedOpen, isFinal, liveIs, type State } from './state.ts'

/*
 * Every run ends. Counted on is only what is bound to happen: processes take their steps, time passes, what was
 * started again runs. Harm ends some day; what merely may happen (an sshd that notices a cut link, another
 * controller) may never.
 */

const isStep = ({ edge }: Link) => edge.kind === 'step'

/** Nobody is at work and the controller has said its word or is dead. */
function isOver(s: State): boolean {
  const idle = [s.at, s.orphan, s.arm, s.persist, s.verb, s.stray, s.rival].every(one => one === '-')
  const decided = s.txn === 'none' || s.txn === 'CONFIRMED' || isFinal(s.txn)
  return idle && decided && s.guard !== 'coming' && (s.controller === 'ended' || s.controller === 'dead')
}

/**
 * The rules of the end are one content, and that of the disk unless it is a confirmation that could not be persisted. The
 * one of before is stored by the next contact.
 */
function endsWell(s: State): boolean {
  if (s.txn === 'CONFIRMED' || s.txn === 'PERSISTED') return s.confirmed && liveIs(s, 'NEW')
  if (s.former === 'holds' || s.former === 'aside') return false
  if (bootedOpen(s)) return true
  return (s.boots > 0 && s.confirmed && liveIs(s, 'NEW')) || liveIs(s, 'OLD')
}

/**
 * The two limits, which the next contact or a boot ends: a guard killed for good, without systemd; and an `arm` killed
 * between the state and its guard, when nothing will be applied.
 */
const isLimit = (s: State) =>
  (!s.supervised && s.guard === 'lost') || (s.txn === 'ARMED' && s.guard === 'none')

export interface Endless {
  readonly why: 'stands still' | 'goes round' | 'ends badly'
  readonly node: Node
}

export function findEndless(nodes: readonly Node[]): Endless | undefined {
  for (const node of nodes) {
    if (node.edges.some(isStep)) continue
    if (!isOver(node.state)) {
      if (!isLimit(node.state)) return { why: 'stands still', node }
    } else if (!endsWell(node.state)) return { why: 'ends badly', node }
  }
  const round = components(nodes).find(component => component.length > 1 && !mustLeave(component))
  return round?.[0] && { why: 'goes round', node: round[0] }
}

/** Whether some actor can take a step in every state of it, and each such step leaves it for good. */
function mustLeave(component: readonly Node[]): boolean {
  const inside = new Set(component)
  const leaves = (actor: string) =>
    component.every(({ edges }) => {
      const own = edges.filter(link => isStep(link) && link.edge.actor === actor)
      return own.length > 0 && own.every(({ to }) => !inside.has(to))
    })
  return [...new Set(component[0]?.edges.filter(isStep).map(({ edge }) => edge.actor))].some(leaves)
}

interface Visit {
  readonly node: Node
  readonly index: number
  low: number
  at: number
  open: boolean
}

/** Tarjan's strongly connected components, without harm, and without recursion. */
function components(nodes: readonly Node[]): Node[][] {
  const visits = new Map<Node, Visit>()
  const found: Node[][] = []
  for (const root of nodes) if (!visits.has(root)) visitFrom(root, visits, found)
  return found
}

function visitFrom(root: Node, visits: Map<Node, Visit>, found: Node[][]): void {
  const enter = (node: Node): Visit => {
    const visit = { node, index: visits.size, low: visits.size, at: 0, open: true }
    visits.set(node, visit)
    stack.push(visit)
    return visit
  }
  const stack: Visit[] = []
  const path = [enter(root)]
  for (let here = path.at(-1); here; here = path.at(-1)) {
    const link = here.node.edges[here.at++]
    if (link) {
      if (link.edge.kind === 'harm') continue
      const seen = visits.get(link.to)
      if (!seen) path.push(enter(link.to))
      else if (seen.open) here.low = Math.min(here.low, seen.index)
      continue
    }
    path.pop()
    const parent = path.at(-1)
    if (parent) parent.low = Math.min(parent.low, here.low)
    if (here.low === here.index) found.push(close(stack, here))
  }
}

function close(stack: Visit[], last: Visit): Node[] {
  const closed = stack.splice(stack.indexOf(last))
  for (const visit of closed) visit.open = false
  return closed.map(({ node }) => node)
}
