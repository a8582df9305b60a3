import type { Outcome } from '../../model/event.ts'
import { HOST_STATES } from '../../model/host-state.ts'
import type { RunSummary } from '../../model/run.ts'
import { say } from '../say.ts'
import { fineSpan, hosts, minute, span } from '../words.ts'
import { changes } from './changes.ts'
import { failures } from './failures.ts'
import { gates } from './gates.ts'
import { html, Markup } from './markup.ts'
import { stages } from './stages.ts'
import { type HostStory, type Moment, type Story, storyOf } from './story.ts'
import { STYLE } from './style.ts'
import { drawTimeline } from './timeline.ts'
import { toneOf, toneOfState } from './tone.ts'

/** A run as a page that needs nothing but itself: it asks nobody for anything, and runs no script. */
export function printPage(summary: RunSummary, recorded: readonly Moment[]): string {
  const story = storyOf(recorded)
  const events = recorded.map(({ event }) => event)
  const outcomes = story.hosts.flatMap(({ outcome }) => outcome ?? [])
  const failed = failures(outcomes)
  const asked = gates(events)
  const changing = story.hosts.filter(({ stage }) => stage !== undefined).length
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>fleet ${summary.command}: ${summary.run}</title><style>${new Markup(STYLE)}</style></head><body><main>
${head(summary, outcomes)}
${failed.length > 0 && html`<h2>What failed</h2>${failed}`}
<h2>Stages and hosts</h2>
${stages(story)}${drawTimeline(story)}
${changing > 0 && html`<h2>What changed</h2>${changes(events, changing)}`}
${asked && html`<h2>Gates</h2>${asked}`}
<h2>All hosts</h2>
${table(story)}
<footer>Made by fleet from the journal of run ${summary.run}.</footer>
</main></body></html>
`
  return page.text
}

function head(summary: RunSummary, outcomes: readonly Outcome[]): Markup {
  const { run, who, command, inventory, since, took, is, why } = summary
  const early = why && why.code !== 'stopped' ? say(why) : undefined
  return html`<header><h1>${verdict(summary, outcomes)}</h1>${early && html`<p class="early">The rollout ended early: ${early}</p>`}
${bar(summary)}
<dl><dt>command</dt><dd><code>fleet ${command}</code></dd><dt>run</dt><dd>${run}</dd><dt>who</dt><dd>${who}</dd>
<dt>when</dt><dd>${minute(since)}, ${is === 'ended' ? span(took) : `${is} (${span(took)})`}</dd><dt>inventory</dt><dd>${inventory.join(', ')}</dd></dl></header>`
}

function verdict({ is, why, hosts: all }: RunSummary, outcomes: readonly Outcome[]): string {
  const tones = outcomes.map(toneOf)
  const bad = tones.filter(tone => !['good', 'same', 'idle'].includes(tone)).length
  const idle = tones.filter(tone => tone === 'idle').length
  if (is !== 'ended') return `This run ${{ 'going on': 'goes on', paused: 'is paused', died: 'died' }[is]}`
  if (bad > 0) return `${bad} of ${hosts(all)} failed`
  if (idle > 0)
    return why?.code === 'stopped' ? 'The run was stopped' : `${idle} of ${hosts(all)} not started`
  if (why) return why.code === 'stopped' ? 'The run was stopped' : 'The rollout ended early'
  return tones.includes('good') ? `${hosts(all)}: done` : `${hosts(all)}: nothing to do`
}

/** The states of all hosts as a bar and in words. */
function bar({ states, hosts: all }: RunSummary): Markup {
  const known = HOST_STATES.flatMap(state => (states[state] ? [{ state, count: states[state] }] : []))
  let left = 0
  const parts = known.map(({ state, count }) => {
    const x = left
    const width = (count / Math.max(1, all)) * 1000
    left += width
    return html`<rect class="${toneOfState(state)}" x="${x.toFixed(1)}" width="${Math.max(2, width).toFixed(1)}" height="10"><title>${count} ${state}</title></rect>`
  })
  const words = known.map(
    ({ state, count }) =>
      html`<li><svg width="10" height="10"><rect class="${toneOfState(state)}" width="10" height="10"/></svg> ${count} ${state}</li>`,
  )
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="idle" width="1000" height="10"/>${parts}</svg><ul class="states">${words}</ul>`
}

function table({ hosts: all }: Story): Markup {
  return html`<details><summary>${hosts(all.length)}</summary><div class="wide"><table><tr><th>host</th><th>state</th><th class="number">stage</th><th class="number">generation</th><th class="number">took</th></tr>${all.map(row)}</table></div></details>`
}

const row = ({ host, outcome, stage, worked }: HostStory): Markup =>
  html`<tr><th>${host}</th><td class="t-${toneOf(outcome)}">${outcome?.state ?? 'open'}</td><td class="number">${stage}</td><td class="number">${outcome?.generation}</td><td class="number">${worked && fineSpan(worked.to - worked.from)}</td></tr>
`
