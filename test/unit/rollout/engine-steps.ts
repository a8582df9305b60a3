import type { HostState } from '../../../src/model/host-state.ts'
import type { Command, Course, EngineEvent } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'

/** So many hosts at once, and no matter of which groups. */
export const atOnce = (hosts: number) => ({ hosts, groups: new Map<string, number>(), groupsOf: () => [] })

/** A rollout that bears no failure, and wants nothing else than these stages. */
export const courseOf = (stages: Course['stages'], more: Partial<Course> = {}): Course => ({
  stages,
  budget: { failures: 0, stageFailures: [], before: [] },
  soak: 0,
  checks: false,
  manual: false,
  onFailure: 'stop',
  parallel: atOnce(50),
  ...more,
})

/** A short word for a command, and for what comes with it. */
function word(command: Command): string {
  switch (command.type) {
    case 'ask':
      return 'ask'
    case 'stage':
      return `stage ${command.stage}`
    case 'start':
      return command.host
    case 'wake':
      return `wake ${command.at}${command.for ? ` (${command.for})` : ''}`
    case 'check':
      return `check ${command.hosts.join('+')}${command.earlier.length > 0 ? ` after ${command.earlier.join('+')}` : ''}`
    case 'pause':
      return `pause: ${command.why.code}`
    case 'take back':
      return `take back ${command.hosts.join('+')}: ${command.why.code}`
    case 'end':
      return command.why ? `end: ${command.why.code}` : 'end'
    default:
      return command satisfies never
  }
}

/** An engine that has begun, and what it says to each thing that happens. */
export function begin(of: Course) {
  const engine = new Engine(of)
  let now = 0
  const tell = (event: EngineEvent) => engine.handle(event, now).map(word)
  return {
    first: tell({ type: 'begun' }),
    settle: (host: string, state: HostState = 'persisted') => tell({ type: 'settled', host, state }),
    at: (time: number) => {
      now = time
      return tell({ type: 'woken' })
    },
    /** Time goes by, and nobody says so. */
    late: (time: number) => {
      now = time
    },
    tell,
    stop: () => tell({ type: 'stopped', why: { code: 'operator', severity: 'error', args: {} } }),
    check: (...failed: readonly string[]) => tell({ type: 'checked', check: { failed } }),
  }
}
