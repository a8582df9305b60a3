import type { Break } from '../break.ts'

/* Rollouts: budgets, gates, the way on and the way back. */

const SIXTY = 'integration/sixty.test.ts'

export const ROLLOUT: readonly Break[] = [
  {
    name: 'bears-failures-in-stages',
    file: 'rollout/plan-course.ts',
    from: 'isStaged(wish) ? 0 :',
    to: 'isStaged(wish) ? 60 :',
    red: [SIXTY, 'ends at a canary that locks itself out'],
  },
  {
    name: 'asks-no-gate-before-it-confirms',
    file: 'rollout/apply-host.ts',
    from: '...(gates ? { passes:',
    to: '...(gates && Date.now() < 0 ? { passes:',
    red: [SIXTY, 'ends at a tenth, where a gate fails on one of them'],
  },
  {
    name: 'forgets-who-failed-before-the-first-stage',
    file: 'rollout/ledger.ts',
    from: 'for (const state of budget.before) this',
    to: 'for (const state of budget.before.slice(budget.before.length)) this',
    red: [SIXTY, 'starts nobody where three are unreachable and two may fail'],
  },
  {
    name: 'resumes-without-settling-who-was-in-flight',
    file: 'cli/resume.ts',
    from: 'handover && (!outcome || OPEN.has(outcome.state))',
    to: 'handover && outcome && OPEN.has(outcome.state)',
    red: [SIXTY, 'goes on each time where its controller is killed in every stage'],
  },
  {
    name: 'ends-the-change-of-another-controller',
    file: 'host/lock.sh',
    from: '      guard_alive "$dead" && tell_busy "$1"\n',
    to: '',
    red: [SIXTY, 'of two controllers at once changes each host once'],
  },
  {
    name: 'takes-back-the-last-stage-alone',
    file: 'rollout/engine.ts',
    from: 'this.#ledger.persistedBefore(this.#stage + 1)',
    to: 'this.#ledger.persisted(this.#stage)',
    red: [SIXTY, 'takes all of them back where one of a quarter fails'],
  },
  {
    name: 'takes-what-was-typed-before-for-an-answer',
    file: 'cli/ask.ts',
    from: '  await forgetTyped()\n',
    to: '  if (over === undefined) await forgetTyped()\n',
    red: ['integration/on-time.test.ts', 'is not answered by what was typed before it was asked'],
  },
]
