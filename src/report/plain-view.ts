import type { Stream, View } from './view.ts'
import { hosts } from './words.ts'

const STARTING = {
  observe: 'observing',
  apply: 'applying to',
  check: 'checking',
  'take back': 'taking back',
} as const

/** For a pipe or a file: a line at the start and end of a phase, and one for each host that ends badly. */
export function createPlainView(stream: Stream): View {
  const write = (line: string) => void stream.write(`${line}\n`)
  return {
    start: tally =>
      write(`${tally.stage && `${tally.stage}: `}${STARTING[tally.phase]} ${hosts(tally.hosts)}`),
    fail: write,
    end: async tally => write(tally.result()),
  }
}
