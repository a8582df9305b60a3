import type { Finding } from '../model/finding.ts'
import type { ConfigDocument } from './document.ts'
import type { WrittenConfig } from './schema.ts'

/** Names of fleet.yml that will have a meaning. */
export const LATER: readonly string[] = ['feeds', 'hooks']

/** Settings of a rollout whose time has not come, and the values of them that ask for nothing. */
const NOW: Readonly<Record<string, (value: unknown) => boolean>> = {
  gates: value => Array.isArray(value) && value.length === 0,
}

/** Each setting of a rollout that is understood but can't be followed yet. */
export function findNotYet({ rollout }: WrittenConfig, document: ConfigDocument): Finding[] {
  return Object.entries(rollout ?? {}).flatMap(([name, value]) => {
    if (value === null || value === undefined || (NOW[name]?.(value) ?? true)) return []
    const at = document.place(['rollout', name])
    return [{ code: 'config-not-yet', severity: 'error', args: { name: `rollout.${name}` }, at }]
  })
}
