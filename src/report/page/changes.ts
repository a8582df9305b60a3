import type { ChangedLine, Event } from '../../model/event.ts'
import { sayPlace } from '../say.ts'
import { groupBy, hosts } from '../words.ts'
import { listed } from './failures.ts'
import { html, type Markup } from './markup.ts'

type ChangePlanned = Extract<Event, { type: 'change-planned' }>

/** Lines on a page that somebody can still open. */
const MOST_LINES = 8000
/** So many are unfolded from the start. */
const OPEN = 2

/** What was changed, hosts with the same change together. */
export function changes(events: readonly Event[], changing: number): Markup {
  const kinds = events.filter((event): event is ChangePlanned => event.type === 'change-planned')
  let left = MOST_LINES
  const shown = kinds.filter(({ diff }) => {
    left -= diff.length
    return left >= 0
  })
  const told = shown.reduce((sum, kind) => sum + kind.hosts.length, 0)
  const rest = changing - told
  return html`${shown.map((kind, at) => block(kind, at < OPEN))}${
    rest > 0 && html`<p class="dim">${hosts(rest)} with changes of their own that aren't shown here.</p>`
  }`
}

function block({ hosts: names, diff, more }: ChangePlanned, isOpen: boolean): Markup {
  const count = (kind: ChangedLine['kind']) => diff.filter(line => line.kind === kind).length
  const chains = groupBy(diff, ({ family, table, chain }) => `IPv${family}, table ${table}, chain ${chain}`)
  return html`<details class="change"${isOpen && html` open`}><summary><b>${hosts(names.length)}</b> <ins>+${count('+')}</ins> <del>−${count('-')}</del> <span class="dim">${names.slice(0, 3).join(', ')}${names.length > 3 && ', …'}</span></summary>
<p class="names">${listed(names)}</p>
${diff.length === 0 && html`<p>The rules stay as they are; what is missing is that a boot loads them.</p>`}
${[...chains].map(([header, lines]) => html`<h4>${header}</h4><pre>${lines.map(diffLine)}</pre>`)}
${more && html`<p class="dim">${more} more lines</p>`}</details>
`
}

function diffLine({ kind, text, at, hidden }: ChangedLine): Markup {
  const skipped = hidden && html`<i>  (${hidden} more unchanged)</i>\n`
  const place = kind === '+' && at && html`  <i>${sayPlace(at)}</i>`
  if (kind === '+') return html`${skipped}<ins>+ ${text}</ins>${place}\n`
  return kind === '-' ? html`${skipped}<del>- ${text}</del>\n` : html`${skipped}  ${text}\n`
}
