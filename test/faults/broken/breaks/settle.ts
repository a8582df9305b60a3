import type { Break } from '../break.ts'

/* The controller: from armed to an end that was read back. */

export const SETTLE: readonly Break[] = [
  {
    name: 'confirms-over-a-connection-from-before',
    file: 'rollout/freshness.ts',
    from: 'return slept <= SUSPENDED && connectStart.now >= received.now - age + MARGIN',
    to: 'return slept <= SUSPENDED + age + MARGIN',
    red: [
      'faults/lockout.test.ts',
      'by a limit that lets one connection in are not refused, and are taken back too',
    ],
  },
  {
    name: 'believes-a-host-that-was-not-booted-since',
    file: 'rollout/without-transaction.ts',
    from: 'return found.bootId !== bootId && found.up > clock.now() - begunAt + CLOCKS_DIFFER',
    to: 'return found.bootId !== bootId && found.up > clock.now() - begunAt + 1e12',
    red: ['faults/long/other-hosts.test.ts', 'with the same host key: it was not booted since'],
  },
  {
    name: 'takes-a-boot-that-is-under-way-for-its-end',
    file: 'rollout/without-transaction.ts',
    from: 'while (mayBeLoading() &&',
    to: 'while (mayBeLoading() && Date.now() < 0 &&',
    red: ['faults/long/power.test.ts', 'fleet waits for them before it says which these are'],
  },
  {
    name: 'arms-a-host-that-was-booted-since-the-look',
    file: 'rollout/apply-host.ts',
    from: 'if (now.bootId !== plan.bootId)',
    to: 'if (now.bootId === "")',
    red: ['faults/long/other-hosts.test.ts', 'another host answers at the address of one that was looked at'],
  },
  {
    name: 'takes-a-lost-answer-of-arm-for-a-no',
    file: 'rollout/arm-host.ts',
    from: 'if (mayHaveArmed(error)) return',
    to: 'if (mayHaveArmed(error) && clock.now() < 0) return',
    red: ['faults/network.test.ts', 'when the connection breaks while it is armed: that is the go as well'],
  },
  {
    name: 'asks-once-and-never-again',
    file: 'rollout/settle.ts',
    from: '      lastError = error.finding\n',
    to: "      if (lastError === undefined) return outcome(armed, 'unknown', error.finding)\n      lastError = error.finding\n",
    red: ['faults/sshd.test.ts', 'is full (MaxStartups): reverted, and confirmed once there is room in time'],
  },
  {
    name: 'takes-an-sshd-that-died-for-a-no',
    file: 'rollout/arm-host.ts',
    from: 'if (mayHaveArmed(error)) return',
    to: 'if (mayHaveArmed(error) && clock.now() < 0) return',
    red: ['faults/long/sshd.test.ts', "and the verdict is the state: 'arming'"],
  },
  {
    name: 'waits-no-longer-for-a-lost-answer',
    file: 'rollout/settle.ts',
    from: 'let mayAskAgain = true',
    to: 'let mayAskAgain = Date.now() < 0',
    red: ['faults/long/lying-host.test.ts', 'at await-once'],
  },
  {
    name: 'does-not-take-persisted-for-an-answer',
    file: 'rollout/by-state.ts',
    from: "    case 'PERSISTED':\n    case 'CONFIRMED':",
    to: "    case 'PERSISTED':\n      return undefined\n    case 'CONFIRMED':",
    red: ['faults/network.test.ts', 'and the answer is lost: a fresh connection hears it'],
  },
  {
    name: 'says-reverted-of-what-was-persisted-before-the-power-went',
    file: 'rollout/apply-host.ts',
    from: "if (now.verdict === 'unchanged' && made) return is('as wanted')",
    to: "if (now.verdict === 'unchanged' && made) return is('as before')",
    red: ['faults/power.test.ts', 'goes back, is about to persist, and persists (dark)'],
  },
  {
    name: 'takes-another-generation-of-a-host-for-its-own',
    file: 'rollout/settle-again.ts',
    from: "return is(number === handover.base ? 'as before' : 'different')",
    to: "return is(number === handover.base || number > 0 ? 'as before' : 'different')",
    red: ['faults/replayed.test.ts', 'of a host that was booted since says that it cannot know'],
  },
  {
    name: 'does-not-try-again-where-the-session-stayed',
    file: 'rollout/apply-host.ts',
    from: "if (first !== 'disarmed') return first",
    to: "if (first !== 'disarmed') return first\n    if (tools.run !== '') throw new FleetError('aborted', {}, { hostState: 'failed' })",
    red: ['faults/long/network.test.ts', 'and the end of the arming session never arrives'],
  },
  {
    name: 'lets-go-of-hosts-at-the-first-signal',
    file: 'cli/signals.ts',
    from: 'if (stop.signal.aborted) return cancel.abort()',
    to: 'cancel.abort()',
    red: ['faults/controller-killed.test.ts', 'once: hosts in flight are brought to their end'],
  },
  {
    name: 'does-not-know-a-generation-that-no-boot-loads',
    file: 'rollout/apply-host.ts',
    from: ' || (made && isUnbooted(plan, now, generation))',
    to: '',
    red: ['faults/long/power.test.ts', 'and a host that had none boots none, until all is done'],
  },
]
