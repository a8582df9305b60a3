import type { Emit, Event } from '../model/event.ts'
import { exitCodeOfPlans } from '../report/exit-code.ts'
import { jsonLine, planLine } from '../report/json.ts'
import { printPlan } from '../report/plan.ts'
import { createProgress, type Progress } from '../report/progress.ts'
import { printSummary } from '../report/summary.ts'
import type { Survey } from '../rollout/observe-all.ts'
import type { Flags } from './command.ts'
import { rolloutOf } from './course.ts'
import { flag } from './flag.ts'
import { listHosts } from './list-hosts.ts'
import { writePlan } from './plan-file.ts'
import type { Prepared } from './prepared.ts'
import { checkRollout } from './rollout-names.ts'
import { cancelOnSignal } from './signals.ts'
import { prepare } from './survey.ts'
import { hasColor, isTerminal } from './terminal.ts'

/** Looks at every host and prints what apply would change. 0 nothing, 2 something, 3 a host that can't be changed or looked at. */
export async function run(flags: Flags): Promise<number> {
  const prepared = await prepare(flags, cancelOnSignal())
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  checkRollout(rolloutOf(prepared.inputs, flags), prepared.inputs, flags)
  return showPlan(flags, prepared)
}

/** Looks at every host and prints what would be done, whatever that is. */
export async function showPlan(flags: Flags, prepared: Prepared): Promise<number> {
  const json = flag(flags, 'json', 'boolean') ?? false
  const progress = createProgress({
    stream: process.stderr,
    isTTY: isTerminal(process.stderr) && !json,
    clock: prepared.clock,
  })
  const emit = (event: Event) => (json ? void process.stdout.write(jsonLine(event)) : progress.emit(event))
  const survey = await surveyWith(prepared, emit, progress)
  await Promise.all(survey.observed.map(({ session }) => session.close()))
  const out = flag(flags, 'out', 'string')
  if (out !== undefined) await writePlan(out, plansOf(survey))
  if (json) process.stdout.write(plansOf(survey).map(planLine).join(''))
  else process.stdout.write(showSurvey(survey))
  return exitCodeOfPlans(plansOf(survey), survey.failed)
}

async function surveyWith(prepared: Prepared, emit: Emit, progress: Progress): Promise<Survey> {
  try {
    return await prepared.survey(emit)
  } finally {
    await progress.done()
  }
}

const plansOf = ({ observed }: Survey) => observed.map(({ plan }) => plan)

export function showSurvey(survey: Survey): string {
  const color = hasColor(process.stdout)
  return (
    printPlan(plansOf(survey), { color, failed: survey.failed.map(({ state }) => state) }) +
    (survey.failed.length > 0 ? printSummary(survey.failed, { color }) : '')
  )
}
