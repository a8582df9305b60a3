import { HOST_STATES } from '../../model/host-state.ts'
import { say } from '../say.ts'
import { fineSpan } from '../words.ts'
import { html, type Markup } from './markup.ts'
import type { HostStory, Passage, Story } from './story.ts'
import { toneOfState } from './tone.ts'

/** What the run did, one line after the other. */
export function stages({ passages, hosts, from }: Story): Markup | false {
  if (passages.length === 0) return false
  const byName = new Map(hosts.map(one => [one.host, one]))
  const rows = passages.map(
    passage =>
      html`<tr><th>${nameOf(passage)}</th><td class="number">${passage.hosts.length || ''}</td><td class="number">${fineSpan(passage.from - from)}</td><td class="number">${fineSpan(passage.to - passage.from)}</td><td>${cameOf(passage, byName)}</td></tr>`,
  )
  return html`<div class="wide"><table><tr><th></th><th class="number">hosts</th><th class="number">after</th><th class="number">took</th><th></th></tr>${rows}</table></div>`
}

const NAMES = {
  window: 'waited for the window',
  soak: 'soaked',
  check: 'checked again',
  pause: 'paused',
  'take back': 'taken back',
} as const

function nameOf({ kind, stage }: Passage): string {
  if (kind === 'stage') return stage ? `stage ${stage}` : 'what was left in flight'
  return NAMES[kind]
}

function cameOf({ kind, hosts, why }: Passage, known: ReadonlyMap<string, HostStory>): Markup | string {
  if (why) return say(why)
  if (kind === 'check' || hosts.length === 0) return ''
  const states = hosts.map(host => known.get(host)?.outcome?.state ?? 'not started')
  const counts = HOST_STATES.flatMap(state => {
    const count = states.filter(one => one === state).length
    return count > 0 ? [html`<span class="t-${toneOfState(state)}">${count} ${state}</span> `] : []
  })
  return html`${counts}`
}
