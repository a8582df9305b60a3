import type { BlockOutcome } from '../block/event.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { sendToAll } from './blocking.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import type { Blocking } from './ledger.ts'
import type { Signals } from './signals.ts'

/** Has hosts that are behind the ledger block what it says: each is tried once. One outcome for each of them. */
export async function catchUp(
  { observed }: Survey,
  inputs: Inputs,
  flags: Flags,
  { file, wanted }: Blocking,
  signals: Signals,
): Promise<readonly BlockOutcome[]> {
  const behind = new Set(observed.flatMap(({ plan }) => (plan.isBehind ? [plan.host] : [])))
  const hosts = inputs.hosts.filter(({ name }) => behind.has(name))
  if (hosts.length === 0) return []
  const voice = openBlockVoice({ json: flag(flags, 'json', 'boolean') ?? false, verb: 'repair' })
  voice.begin({ named: [], entries: [], before: [], ledger: file, hosts: hosts.length })
  const once = { ...flags, 'give-up-after': '0' }
  const feeds = inputs.config.feeds && (await (await import('./feeds.ts')).knownFeeds(inputs))
  const outcomes = await sendToAll({
    inputs,
    flags: once,
    wanted,
    voice,
    hosts,
    signals,
    ...(feeds ? { feeds } : {}),
  })
  voice.end(outcomes)
  return outcomes
}
