import type { Event } from '../../model/event.ts'
import { groupBy } from '../words.ts'
import { html, type Markup } from './markup.ts'

type Asked = Extract<Event, { type: 'host-gate' }>

const WHEN = [
  ['before', 'before the change'],
  ['applied', 'before it was confirmed'],
  ['stage', 'at the end of stages'],
] as const
const SHOWN = 50

/** What each gate said, and of whom it said anything but yes. */
export function gates(events: readonly Event[]): Markup | undefined {
  const asked = events.filter((event): event is Asked => event.type === 'host-gate')
  if (asked.length === 0) return undefined
  const rows = [...groupBy(asked, ({ gate }) => gate)].map(
    ([gate, all]) =>
      html`<tr><th>${gate}</th>${WHEN.map(([when]) => cell(all.filter(one => one.when === when)))}</tr>`,
  )
  return html`<div class="wide"><table><tr><th>gate</th>${WHEN.map(([, words]) => html`<th>${words}</th>`)}</tr>${rows}</table></div>${others(asked)}`
}

const KINDS = [
  ['pass', 'good', 'passed'],
  ['fail', 'bad', 'failed'],
  ['inconclusive', 'back', 'unclear'],
] as const

function cell(asked: readonly Asked[]): Markup {
  const counts = KINDS.flatMap(([is, tone, word]) => {
    const count = asked.filter(one => one.is === is).length
    return count > 0 ? [html`<span class="t-${tone}">${count} ${word}</span> `] : []
  })
  return html`<td>${counts.length > 0 ? counts : '–'}</td>`
}

function others(asked: readonly Asked[]): Markup | false {
  const failed = asked.filter(({ is }) => is !== 'pass')
  if (failed.length === 0) return false
  const words = Object.fromEntries(WHEN)
  const rows = failed
    .slice(0, SHOWN)
    .map(
      ({ host, gate, when, detail }) =>
        html`<tr><th>${host || 'all'}</th><td>${gate}</td><td>${words[when]}</td><td>${detail}</td></tr>`,
    )
  const rest = failed.length - SHOWN
  return html`<details><summary>${failed.length} that didn't pass</summary><table>${rows}</table>${rest > 0 && html`<p class="dim">and ${rest} more</p>`}</details>`
}
