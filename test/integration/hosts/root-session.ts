import type { LabHost } from '../../../src/lab/host.ts'
import type { Session } from '../../../src/session/session.ts'

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** A session without SSH, as somebody at the console has one: for what the host's program does to the host. */
export const rootSession = (host: LabHost): Session => ({
  connectStart: performance.now(),
  run: ({ script, args = [], stdin = '' }) =>
    host.exec(
      ['/bin/sh', '-c', script, 'sh', '198.51.100.7 50000 192.0.2.1 22', ...args].map(quote).join(' '),
      String(stdin),
    ),
  close: () => Promise.resolve(),
})
