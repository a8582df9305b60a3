import type { Rollout } from '../config/rollout.ts'
import { FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import { roleNames, SHIPPED_TEMPLATES } from '../roles/templates.ts'
import type { Flags } from './command.ts'
import { nameAsSaid, zoneOf } from './course.ts'
import { checkGates } from './gates.ts'
import type { Inputs } from './inputs.ts'
import { templateFolders } from './rendering.ts'
import { warnOnce } from './warnings.ts'

/**
 * Before anybody is contacted; what is to be warned of goes to standard error. Throws `gate-unknown-host`, `variable-opaque`,
 * and `FleetErrors` with what flags say of names that nothing has. A run that is gone on with has begun with those.
 */
export function checkRollout(rollout: Rollout, inputs: Inputs, flags: Flags, { isBegun = false } = {}): void {
  checkGates(rollout.gates ?? [], inputs)
  for (const host of inputs.hosts) zoneOf(host, rollout.spread)
  const folders = templateFolders(inputs, flags).map(path => ({ path, shown: path }))
  const roles = () => roleNames([...folders, SHIPPED_TEMPLATES])
  const findings = [...unknownNames(rollout, inputs, flags, roles), ...idle(rollout, flags)]
  const refused = findings.filter(({ severity }) => severity === 'error')
  if (refused.length > 0 && !isBegun) throw new FleetErrors(refused)
  for (const finding of findings) warnOnce(finding)
}

/**
 * What says nothing by itself. Who wants to be asked would see all hosts changed at once; who lets some be passed over would
 * see the first of them end the run.
 */
export function idle(
  { manual, stages = [], canaries, maxSkipped, unreachable }: Rollout,
  flags: Flags,
): readonly Finding[] {
  const isAlone = manual && stages.length <= 1 && !canaries
  const skipsNobody = maxSkipped !== undefined && unreachable !== 'skip'
  const warning = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'warning', args })
  return [
    ...(isAlone ? [warning('rollout-manual-alone')] : []),
    ...(skipsNobody ? [warning('rollout-skips-nobody', { of: nameAsSaid('maxSkipped', flags) })] : []),
  ]
}

/**
 * A warning, as one fleet.yml may serve several inventories: what is said of such a name says nothing. Of a group that
 * a flag names an error: whoever asks for a canary that there is none of would see all hosts changed at once.
 */
export function unknownNames(
  rollout: Rollout,
  { config, inventory }: Pick<Inputs, 'config' | 'inventory'>,
  flags: Flags,
  roles: () => Iterable<string>,
): readonly Finding[] {
  const used = namesIn(rollout)
  const isKnown = ({ name }: Used) => inventory.groups.has(name)
  const kinds = used.every(isKnown) ? [] : [...inventory.groups.keys(), ...roles()]
  const groups = used.filter(one => !isKnown(one) && !kinds.includes(one.name))
  const place = ({ key, value }: Used) =>
    config.rollout && value(config.rollout) === value(rollout) ? config.rolloutAt?.get(key) : undefined
  const finding = (code: string, one: Used, known: Iterable<string>): Finding => {
    const of = nameAsSaid(one.of, flags)
    const isFlag = of !== one.of
    const args = { name: one.name, of, isFlag, nearest: nearest(one.name, known) ?? null }
    const at = isFlag ? undefined : place(one)
    const severity = isFlag && one.of !== 'spread' ? 'error' : 'warning'
    return { code, severity, args, ...(at ? { at } : {}) }
  }
  return [
    ...groups.map(one => finding('rollout-unknown-group', one, kinds)),
    ...unknownVariable(rollout, inventory).map(({ one, known }) =>
      finding('rollout-unknown-variable', one, known),
    ),
  ]
}

/** A name, where it stands, and what of a rollout it belongs to: flags replace the whole of that. */
interface Used {
  readonly name: string
  readonly key: string
  readonly of: string
  readonly value: (rollout: Rollout) => unknown
}

function namesIn({ canaries = {}, maxParallel = {}, gates = [] }: Rollout): readonly Used[] {
  const of = (word: 'canaries' | 'maxParallel') => (name: string) => ({
    name,
    key: `${word}.${name}`,
    of: word,
    value: (rollout: Rollout) => rollout[word],
  })
  return [
    ...Object.keys(canaries).map(of('canaries')),
    ...Object.keys(maxParallel).map(of('maxParallel')),
    ...gates.flatMap(({ on }, at) =>
      on === undefined
        ? []
        : [{ name: on, key: `gates.${at}.on`, of: 'gates', value: (rollout: Rollout) => rollout.gates }],
    ),
  ]
}

function unknownVariable({ spread }: Rollout, { hosts }: Inputs['inventory']) {
  const isKnown = spread === undefined || [...hosts.values()].some(({ variables }) => variables.has(spread))
  if (isKnown) return []
  const known = new Set([...hosts.values()].flatMap(({ variables }) => [...variables.keys()]))
  const one = { name: spread, key: 'spread', of: 'spread', value: (rollout: Rollout) => rollout.spread }
  return [{ one, known }]
}
