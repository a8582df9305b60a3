import { HOST_STATES } from '../model/host-state.ts'
import type { Notice } from '../model/notice.ts'
import { hosts } from './words.ts'

/** A notice as one line, as a chat shows it: Slack and Mattermost print what `text` says. */
export function sayNotice(notice: Notice): string {
  const { run, command, who, states, why } = notice
  const counts = HOST_STATES.flatMap(state => (states[state] ? [`${states[state]} ${state}`] : []))
  const parts = [whatOf(notice), ...(why ? [why.message.split('\n')[0] ?? ''] : []), counts.join(', ')]
  return `fleet ${command} (run ${run} of ${who}): ${parts.filter(part => part !== '').join(' ')}`
}

function whatOf({ event, stage, failed }: Notice): string {
  const at = stage && stage.of > 1 ? `stage ${stage.number} of ${stage.of}` : ''
  switch (event) {
    case 'start':
      return 'started.'
    case 'stage':
      return `${at || 'all'}: ${hosts(stage?.hosts ?? 0)} begin.`
    case 'pause':
      return `paused${at && ` after ${at}`}.`
    case 'failure':
      return `${hosts(failed)} failed${at && ` by ${at}`}.`
    case 'end':
      return failed > 0 ? `ended, ${hosts(failed)} failed.` : 'ended.'
    default:
      return event satisfies never
  }
}
