import type { Break } from '../break.ts'

/* Rollouts: budgets, gates, the way on and the way back. */

const SIXTY = 'long/sixty.test.ts'
const IN_LINE = 'integration/in-line.test.ts'
const RESUMED = 'rollout/resume-stages.test.ts'

export const ROLLOUT: readonly Break[] = [
  {
    name: 'bears-failures-in-stages',
    file: 'rollout/plan-course.ts',
    from: 'isInStages ? 0 :',
    to: 'isInStages ? 60 :',
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
    file: 'cli/settle-left.ts',
    from: 'handover && (isInFlight || (outcome && OPEN.has(outcome.state)))',
    to: 'handover && !isInFlight && outcome && OPEN.has(outcome.state)',
    red: [SIXTY, 'goes on each time where its controller is killed in every stage'],
  },
  {
    name: 'goes-on-where-it-was-taking-back',
    file: 'cli/resume.ts',
    from: 'record.takingBack ? goBack',
    to: 'record.takingBack && !it.record.isPlanned ? goBack',
    red: [RESUMED, 'finishes a taking back, and no more, also where it is named'],
  },
  {
    name: 'resumes-a-removal-and-leaves-the-files',
    file: 'rollout/settle-again.ts',
    from: '...(handover.generation === 0',
    to: '...(handover.generation < 0',
    red: ['rollout/resume.test.ts', 'of a removal: finishes it, and leaves nothing behind'],
  },
  {
    name: 'takes-what-was-persisted-for-what-is-in-force',
    file: 'host/confirm.sh',
    from: 'is_in_force || echo in_force=no',
    to: '',
    red: [
      'rollout/resume.test.ts',
      'and rules that somebody took away after it was persisted: says that they are not in force',
    ],
  },
  {
    name: 'goes-on-without-telling-what-is-blocked',
    file: 'cli/go-on.ts',
    from: 'await prepared.catchUp?.(survey, signals)',
    to: 'undefined',
    red: [IN_LINE, 'that was killed tells all its hosts what was blocked since, when it is gone on with'],
  },
  {
    name: 'settles-without-telling-what-is-blocked',
    file: 'cli/resume.ts',
    from: 'await catchUpSettled(settled, it, flags)',
    to: '[]',
    red: [IN_LINE, 'that was killed tells all its hosts what was blocked since, when it is gone on with'],
  },
  {
    name: 'forgets-at-a-resume-that-it-was-staged',
    file: 'rollout/plan-course.ts',
    from: '(left?.frozen.length ?? 0) > 1',
    to: '(left?.frozen.length ?? 0) > 60',
    red: [RESUMED, 'bears no failure more than the run did'],
  },
  {
    name: 'confirms-at-a-resume-without-gates',
    file: 'rollout/settle-again.ts',
    from: '...(gates ? {',
    to: '...(gates && !gates ? {',
    red: [RESUMED, 'asks the gates before it confirms'],
  },
  {
    name: 'goes-at-a-resume-by-what-fleet-yml-says-by-now',
    file: 'cli/own-rollout.ts',
    from: 'keptIn(record) ?? rolloutNow(',
    to: 'rolloutNow(',
    red: ['integration/left-behind.test.ts', 'a run that died goes on as it began'],
  },
  {
    name: 'goes-on-over-a-journal-that-is-lost',
    file: 'journal/append.ts',
    from: 'await written.catch(lose)',
    to: 'await written.catch(() => undefined)',
    red: [RESUMED, 'goes on with a run that a full disk ended, once there is room'],
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
    from: 'this.#ledger.goingBack(ending.next, this.#way.stage)',
    to: 'this.#ledger.persisted(this.#way.stage)',
    red: [SIXTY, 'takes all of them back where one of a quarter fails'],
  },
  {
    name: 'takes-what-was-typed-before-for-an-answer',
    file: 'cli/ask.ts',
    from: '  await forgetTyped()\n',
    to: '  if (over === undefined) await forgetTyped()\n',
    red: ['rollout/on-time.test.ts', 'is not answered by what was typed before it was asked'],
  },
]
