import type { Outcome } from '../../model/event.ts'
import { say } from '../say.ts'
import { whatNext } from '../summary.ts'
import { groupBy, hosts } from '../words.ts'
import { html, type Markup } from './markup.ts'
import { TONES, toneOf } from './tone.ts'

/** Rows that are shown at once; the others are unfolded. */
const SHOWN = 12

/** Hosts that aren't as wanted, those together of which the same kind of thing is to be said; the worst first. */
export function failures(outcomes: readonly Outcome[]): readonly Markup[] {
  const failed = outcomes.filter(outcome => !['good', 'same', 'idle'].includes(toneOf(outcome)))
  const sorted = failed.toSorted((a, b) => TONES.indexOf(toneOf(a)) - TONES.indexOf(toneOf(b)))
  return [...groupBy(sorted, ({ state, finding }) => `${state} ${finding?.code}`).values()].map(block)
}

function block(all: readonly Outcome[]): Markup {
  const [first] = all
  if (!first) return html``
  const sentences = new Set(all.map(({ finding }) => (finding ? say(finding) : '')))
  const names = all.map(({ host }) => host)
  const next = whatNext(first, names)
  return html`<section class="failure ${toneOf(first)}">
<h3>${hosts(all.length)}: ${first.state}</h3>
${sentences.size === 1 ? together(names, [...sentences][0] ?? '') : apart(all)}
${next && html`<p class="next">${next}</p>`}
</section>`
}

const together = (names: readonly string[], sentence: string): Markup =>
  html`${sentence !== '' && html`<p>${sentence}</p>`}<p class="names">${listed(names)}</p>`

function apart(all: readonly Outcome[]): Markup {
  const rows = all.map(
    ({ host, finding }) => html`<tr><th>${host}</th><td>${finding && say(finding)}</td></tr>`,
  )
  const rest = rows.length - SHOWN
  return html`<table>${rows.slice(0, SHOWN)}</table>${
    rest > 0 && html`<details><summary>${rest} more</summary><table>${rows.slice(SHOWN)}</table></details>`
  }`
}

/** Names in a row; of many the most are folded away. */
export function listed(names: readonly string[]): Markup {
  const rest = names.length - SHOWN
  if (rest <= 1) return html`${names.join(', ')}`
  return html`${names.slice(0, SHOWN).join(', ')} <details class="more"><summary>and ${rest} more</summary>${names.slice(SHOWN).join(', ')}</details>`
}
