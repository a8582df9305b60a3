import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import { addressSentences } from './sentences/address.ts'
import { blockSentences } from './sentences/block.ts'
import { cliSentences } from './sentences/cli.ts'
import { configSentences } from './sentences/config.ts'
import { feedSentences } from './sentences/feeds.ts'
import { hostSentences } from './sentences/host.ts'
import { inventorySentences } from './sentences/inventory.ts'
import { journalSentences } from './sentences/journal.ts'
import { labSentences } from './sentences/lab.ts'
import { lintSentences } from './sentences/lint.ts'
import { notifySentences } from './sentences/notify.ts'
import { planSentences } from './sentences/plan.ts'
import { roleSentences } from './sentences/roles.ts'
import { rolloutSentences } from './sentences/rollout.ts'
import { rulesetSentences } from './sentences/ruleset.ts'
import type { Sentences } from './sentences/sentence.ts'
import { sessionSentences } from './sentences/session.ts'
import { plain } from './words.ts'

/** Each room's own table, so that two rooms with one code are noticed. */
export const TABLES: Readonly<Record<string, Sentences>> = {
  address: addressSentences,
  config: configSentences,
  inventory: inventorySentences,
  feeds: feedSentences,
  ruleset: rulesetSentences,
  roles: roleSentences,
  lint: lintSentences,
  session: sessionSentences,
  host: hostSentences,
  block: blockSentences,
  plan: planSentences,
  rollout: rolloutSentences,
  journal: journalSentences,
  notify: notifySentences,
  lab: labSentences,
  cli: cliSentences,
}

const sentences: Sentences = Object.assign(Object.create(null), ...Object.values(TABLES))

/**
 * A finding as an operator reads it: `file:line: sentence`, possibly of several lines. A code without a sentence
 * is shown with its data; a report never fails.
 */
export function say(finding: Finding): string {
  return plain(`${placed(finding.at)}${sentence(finding)}`)
}

/** The way a place is written everywhere: `file:line`. */
export const sayPlace = ({ file, line }: Place): string => (line === undefined ? file : `${file}:${line}`)

const placed = (at: Place | undefined) => (at ? `${sayPlace(at)}: ` : '')

function sentence({ code, args }: Finding): string {
  try {
    const said = sentences[code]?.(args)
    if (said !== undefined) return said
  } catch {
    // What a journal of another version holds may lack what the sentence is made from.
  }
  return `${code} ${JSON.stringify(args)}`
}
