import type { Finding } from '../model/finding.ts'
import type { ConfigDocument } from './document.ts'
import type { WrittenConfig } from './schema.ts'

/** Names of fleet.yml that will have a meaning. */
export const LATER: readonly string[] = ['feeds', 'hooks']

/** What fleet does now: all hosts in one stage. Whoever asks for more must not believe that they got it. */
const NOW: Readonly<Record<string, (value: unknown) => boolean>> = {
  stages: value => Array.isArray(value) && value.length === 1 && value[0] === '100%',
  spread: () => false,
  maxFailures: value => value === 0 || value === '0%',
  maxSkipped: value => value === 0 || value === '0%',
  unreachable: value => value === 'abort',
  soak: value => value === 0,
  gates: value => Array.isArray(value) && value.length === 0,
  onFailure: value => value === 'stop',
}

/** Each setting of a rollout that is understood but can't be followed yet. */
export function findNotYet({ rollout }: WrittenConfig, document: ConfigDocument): Finding[] {
  return Object.entries(rollout ?? {}).flatMap(([name, value]) => {
    if (value === null || value === undefined || NOW[name]?.(value)) return []
    const at = document.place(['rollout', name])
    return [{ code: 'config-not-yet', severity: 'error', args: { name: `rollout.${name}` }, at }]
  })
}
