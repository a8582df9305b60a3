import { readDocument } from '../config/document.ts'
import { parseRollout, type Rollout } from '../config/rollout.ts'
import { refuseOpaque } from '../inventory/variable.ts'
import { FleetError } from '../model/error.ts'
import type { Host } from '../model/host.ts'
import type { Course } from '../rollout/course.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { type Left, planCourse } from '../rollout/plan-course.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'
import type { Inputs } from './inputs.ts'

/** Flags that say what `rollout:` in fleet.yml says, by its names there. */
const SAME = {
  spread: 'spread',
  shuffle: 'shuffle',
  unreachable: 'unreachable',
  soak: 'soak',
  'on-failure': 'onFailure',
  'not-before': 'notBefore',
  'not-after': 'notAfter',
  'host-timeout': 'hostTimeout',
  timeout: 'timeout',
} as const
/** Those that may be given several times. */
const LISTS: Readonly<Record<string, string>> = {
  canaries: 'canary',
  maxParallel: 'max-parallel',
  gates: 'gate',
}
const AMOUNTS = {
  'max-failures': 'maxFailures',
  'max-stage-failures': 'maxStageFailures',
  'max-skipped': 'maxSkipped',
} as const

/** What fleet.yml asks of a rollout, and the flags, which win. Error: `flag-wrong-value`. */
export function rolloutOf({ config }: Pick<Inputs, 'config'>, flags: Flags): Rollout {
  const parsed = parseRollout(written(flags))
  if ('expected' in parsed) throw new FleetError('flag-wrong-value', { ...parsed, name: flagOf(parsed.name) })
  return { ...config.rollout, ...parsed }
}

/** A rollback goes all at once, and so does a lockdown, unless its flags say otherwise. A host that fleet was removed from has no generation left to go back to. */
export function rolloutOfCommand(word: string, inputs: Pick<Inputs, 'config'>, flags: Flags): Rollout {
  if (word === 'rollback') return {}
  if (word === 'lockdown') return rolloutOf({ config: { ...inputs.config, rollout: undefined } }, flags)
  const rollout = rolloutOf(inputs, flags)
  return word === 'remove' && goesBack(rollout.onFailure) ? { ...rollout, onFailure: 'stop' } : rollout
}

export const goesBack = (onFailure: unknown): boolean =>
  onFailure === 'revert-stage' || onFailure === 'revert-all'

function written(flags: Flags): Readonly<Record<string, unknown>> {
  const stages = flag(flags, 'stages', 'string')
  const canaries = flagList(flags, 'canary')
  const parallel = flagList(flags, 'max-parallel')
  const gates = flagList(flags, 'gate')
  const texts = Object.entries(SAME).map(([name, key]) => [key, flag(flags, name, 'string')])
  const amounts = Object.entries(AMOUNTS).map(([name, key]) => [key, numeric(flag(flags, name, 'string'))])
  return {
    ...Object.fromEntries([...texts, ...amounts]),
    ...(stages === undefined ? {} : { stages: stages.split(',').map(stage => numeric(stage.trim())) }),
    ...(canaries.length > 0 ? { canaries: Object.fromEntries(canaries.map(countOf)) } : {}),
    ...(parallel.length > 0 ? { maxParallel: Object.fromEntries(parallel.map(countOf)) } : {}),
    ...(gates.length > 0 ? { gates: gates.map(gateOf) } : {}),
    manual: flag(flags, 'manual', 'boolean'),
  }
}

const numeric = (text: string | undefined) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : text)

/** As fleet.yml would say it; undefined, which is no gate, for what isn't YAML. */
const gateOf = (text: string): unknown => readDocument(text, '--gate').value

/** `web=2`, or `web` for one. */
function countOf(text: string): readonly [string, unknown] {
  const [name = '', count = '1'] = text.split('=')
  return [name, numeric(count)]
}

/** As whoever wrote it knows it: by its flag, or by its name in fleet.yml. */
export function nameAsSaid(key: string, flags: Flags): string {
  const name = flagOf(key)
  return flags[name.slice('--'.length)] === undefined ? key : name
}

function flagOf(key: string): string {
  const [name] = Object.entries({ ...SAME, ...AMOUNTS }).find(([, of]) => of === key) ?? [key]
  return `--${LISTS[name] ?? name}`
}

export interface CourseTools {
  readonly rollout: Rollout
  /** What a controller that died has left. */
  readonly left?: Left
  readonly hosts: number
  readonly now: number
  readonly wall: number
  readonly began: number
}

/** The course of a run over what was seen. */
export function courseOf(survey: Survey, inputs: Pick<Inputs, 'hosts'>, tools: CourseTools): Course {
  const known = new Map(inputs.hosts.map(host => [host.name, host]))
  const isChanging = ({ plan }: Survey['observed'][number]) => plan.verdict === 'change'
  const changing = survey.observed.filter(isChanging).map(({ plan }) => {
    const zone = zoneOf(known.get(plan.host), tools.rollout.spread)
    return {
      host: plan.host,
      groups: ['all', ...plan.groups],
      roles: plan.roles.map(role => role.split(' ')[0] ?? role),
      ...(zone === undefined ? {} : { zone }),
    }
  })
  const others = survey.observed.filter(one => !isChanging(one))
  const before = [
    ...survey.failed.map(({ state }) => state),
    ...others.map(({ plan }) => (plan.verdict === 'refused' ? ('refused' as const) : ('unchanged' as const))),
  ]
  return planCourse(tools.rollout, { ...tools, changing, before })
}

/**
 * The value of the variable that stages are spread over, as a word that tells it from others; undefined where the host has
 * none. Error: `variable-opaque`.
 */
export function zoneOf(host: Host | undefined, spread: string | undefined): string | undefined {
  const variable = spread === undefined ? undefined : host?.variables.get(spread)
  if (host === undefined || spread === undefined || variable === undefined) return undefined
  refuseOpaque(host, spread, variable)
  return JSON.stringify(variable.value, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}
