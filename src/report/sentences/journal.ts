import type { Args } from '../../model/finding.ts'
import { minute } from '../words.ts'
import type { Sentences } from './sentence.ts'

const newest = (runs: Args[string] | undefined) =>
  Array.isArray(runs) && runs.length > 0 ? `The newest are ${runs.join(', ')}. ` : ''

export const journalSentences = {
  'run-not-going-on': a =>
    `Run ${String(a.run)} is not going on any more: \`fleet history ${String(a.run)}\` says what became of it, and \`fleet resume\` goes on with the newest run.`,
  'run-not-paused': a => `Run ${String(a.run)} is not paused: nothing waits to be promoted.`,
  'run-deaf': a => `Run ${String(a.run)} didn't hear it within 10 s. Look at its terminal.`,
  'journal-unwritable': a =>
    `The journal of this run can't be written (${String(a.reason)}). Nobody was contacted. Make room or make the folder writable${a.isBegun ? '' : ', or keep it elsewhere: --journal FOLDER, such as --journal /dev/shm/fleet'}.`,
  'journal-lost': a =>
    `The journal of this run can't be written any more (${String(a.reason)}), so no further host is changed; those in flight come to their end. Make room, then \`fleet resume\` goes on.`,
  'journal-unreadable': a =>
    `This is no line of a journal: ${String(a.text)}. Expected one JSON object with "at" and "type"; only the last line may be torn.`,
  'journal-missing': a => `There is no journal of this run to read (${String(a.reason)}).`,
  'left-in-flight': () =>
    'fleet died while its change was under way. Its guard puts the old rules back when its time is up, unless it had confirmed already: `fleet resume` asks it.',
  'left-going-back': () =>
    'fleet died while it was being taken back. Its guard puts the rules of this run back when its time is up, unless the way back was confirmed already: `fleet resume` asks it, and takes it back.',
  'left-to-go-back': () =>
    'It was to be taken back, and fleet died before: it stands on the rules of this run. `fleet resume` takes it back.',
  'run-unknown': a =>
    `There is no run called ${String(a.run)} in ${String(a.directory)}. ${newest(a.newest)}An inventory is named with -i.`,
  'host-not-in-run': a =>
    `There is no host called ${String(a.host)} in run ${String(a.run)}.${a.nearest ? ` Did you mean ${String(a.nearest)}?` : ''}`,
  'run-none': a =>
    `There is no run of this inventory (${[a.inventory].flat().join(', ')}) in ${String(a.directory)}, so there is nothing to resume. Journals lie with whoever ran fleet, on the machine where it ran.`,
  'run-moved': a =>
    `Run ${String(a.run)} was still going on while it was looked at here, and what it came to by now may be another matter. Look with \`fleet history ${String(a.run)}\`, then say it again.`,
  'run-without-rules': a =>
    `The journal of run ${String(a.run)} is of an older fleet and doesn't say which rules it planned: its hosts get what is rendered now.`,
  'run-going-on': a =>
    `Run ${String(a.run)} is still going on: process ${String(a.pid)} on this machine (${String(a.who)}, since ${minute(String(a.since))}). Wait for it, or stop it with Ctrl-C there.`,
} satisfies Sentences
