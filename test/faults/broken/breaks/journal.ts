import type { Break } from '../break.ts'

/* What a run keeps of its talk with a host. */

export const JOURNAL: readonly Break[] = [
  {
    name: 'keeps-no-answer-in-the-journal',
    file: 'host/witness.ts',
    from: 'await witness.answered(verb, say(answer))',
    to: 'say(answer)',
    red: ['faults/controller-killed.test.ts', 'once: hosts in flight are brought to their end'],
  },
  {
    name: 'keeps-no-word-of-an-answer-that-never-came',
    file: 'host/witness.ts',
    from: 'if (error instanceof FleetError) await witness.answered(verb, { error: error.code })',
    to: 'if (error instanceof TypeError) await witness.answered(verb, { error: verb })',
    red: ['faults/network.test.ts', 'when the connection breaks while it is armed: that is the go as well'],
  },
  {
    name: 'keeps-no-talk-of-who-resumes',
    file: 'rollout/settle-again.ts',
    from: 'connect: hearHost(host, tools.connect, tools.emit),',
    to: 'connect: tools.connect,',
    red: [
      'faults/controller-killed.test.ts',
      'when confirm was sent, and the host comes to it after its deadline',
    ],
  },
]
