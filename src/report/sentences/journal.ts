import type { Sentences } from './sentence.ts'

export const journalSentences = {
  'journal-unwritable': a =>
    `The journal of this run can't be written (${String(a.reason)}). Make room or make the folder writable, or name another place with XDG_STATE_HOME.`,
  'journal-unreadable': a =>
    `This is no line of a journal: ${String(a.text)}. Expected one JSON object with "at" and "type"; only the last line may be torn.`,
  'journal-missing': a => `There is no journal of this run to read (${String(a.reason)}).`,
} satisfies Sentences
