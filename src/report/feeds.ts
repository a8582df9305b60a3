import type { BlockOutcome } from '../block/event.ts'
import type { Current } from '../feeds/refresh.ts'
import { exitCodeOfBlocks } from './block-exit.ts'
import { say } from './say.ts'
import { groupBy, hosts, minute } from './words.ts'

/** A feed that wasn't taken is something for somebody to look at, though everything is as it was. */
export const exitCodeOfFeeds = (
  currents: readonly Current[],
  outcomes: readonly BlockOutcome[],
): 0 | 3 | 4 => {
  const code = exitCodeOfBlocks(outcomes)
  return code === 0 && currents.some(({ state }) => state === 'refused') ? 3 : code
}

/** Nothing where nothing changed and nothing is wrong; failures first. */
export function printFeeds(currents: readonly Current[], outcomes: readonly BlockOutcome[]): string {
  const said = groupBy(
    outcomes.filter(({ finding }) => finding),
    ({ state, finding }) => `${state} ${finding ? say(finding) : ''}`,
  )
  const failures = [...said.values()].map(all => {
    const [first] = all
    const names = all.map(({ host }) => host).join(', ')
    return `${names}: ${first?.state ?? ''}. ${first?.finding ? say(first.finding) : ''}`
  })
  const changed = currents
    .filter(({ state }) => state === 'changed')
    .map(({ name, entries }) => `${name}: ${counted(entries)}`)
  const told = outcomes.filter(({ answer }) => answer?.feeds?.did === 'changed').length
  const newer = outcomes.filter(({ answer }) => answer?.feeds?.did === 'newer').length
  return [
    ...failures,
    ...changed,
    ...(newer > 0 ? [`${hosts(newer)} kept a later list.`] : []),
    ...(told > 0 ? [`${hosts(told)} brought in line with the feeds.`] : []),
  ]
    .map(line => `${line}\n`)
    .join('')
}

const counted = (entries: number) => `${entries} ${entries === 1 ? 'entry' : 'entries'}`

/** A feed as it was taken last. */
export function printFeed({ name, entries, checked }: Current, isForRoles = false): string {
  if (checked === undefined) return `feed ${name}: never taken. Take it with: fleet blocks --refresh\n`
  const what = isForRoles ? `${counted(entries)} for roles, not blocked` : counted(entries)
  return `feed ${name}: ${what}, as of ${minute(new Date(checked).toISOString())}\n`
}

/** What a feed came to, as a line of JSON. */
export function feedLine({ name, state, entries, checked, findings }: Current): string {
  const said = findings.map(finding => ({ ...finding, message: say(finding) }))
  const at = checked === undefined ? null : new Date(checked).toISOString()
  return `${JSON.stringify({ type: 'feed', name, state, entries, checked: at, findings: said })}\n`
}
