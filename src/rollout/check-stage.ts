import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { ApplyTools } from './apply-host.ts'
import type { Check } from './course.ts'
import type { HostGates, Verdict } from './gates/host-gates.ts'
import type { Each } from './observe-all.ts'
import { failure } from './outcome.ts'
import type { Observed, Target } from './target.ts'

interface CheckTools extends Pick<ApplyTools, 'emit' | 'gatesOf'> {
  readonly each: Each
  /** What is of no single host. */
  readonly queries?: HostGates
}

interface Checking {
  readonly changing: ReadonlyMap<string, Pick<Observed, 'target'>>
  /** What was said of each host; one that doesn't pass gets why. */
  readonly done: Map<string, Outcome>
  readonly tools: CheckTools
}

/** Looks at hosts that persisted once more: whether they are as they were left, and what their gates say. */
export async function checkStage(hosts: readonly string[], it: Checking): Promise<Check> {
  const { tools, done } = it
  await tools.emit({ type: 'phase-started', phase: 'check', hosts })
  const asking = tools.each(hosts, host => checkHost(host, it))
  const [asked, queried] = await Promise.all([asking, tools.queries?.after('stage')])
  const verdicts = asked.map(
    (one, at): Verdict =>
      // Its turn never came: fleet was told to let go.
      one.status === 'rejected' ? { failed: lostAgain(hosts[at] ?? '', one.reason) } : one.value,
  )
  const failed = hosts.filter((host, at) => {
    const finding = verdicts[at]?.failed
    const before = done.get(host)
    if (finding && before) done.set(host, { ...before, finding })
    return finding !== undefined
  })
  const inconclusive = verdicts.find(verdict => verdict.inconclusive)?.inconclusive ?? queried?.inconclusive
  return {
    failed,
    ...(inconclusive ? { inconclusive } : {}),
    ...(queried?.failed ? { broken: queried.failed } : {}),
  }
}

async function checkHost(host: string, { changing, tools }: Checking): Promise<Verdict> {
  const target = changing.get(host)?.target
  await tools.emit({ type: 'host-step', host, step: 'observing' })
  const lost = target && (await lookAgain(target))
  const verdict = lost ? { failed: lost } : ((await tools.gatesOf?.(host)?.after('stage')) ?? {})
  await tools.emit({ type: 'host-checked', host, ...(verdict.failed ? { finding: verdict.failed } : {}) })
  return verdict
}

/** Whether a host that persisted still is as it was left: why not, if it isn't. */
async function lookAgain(target: Target): Promise<Finding | undefined> {
  try {
    const session = await target.connect()
    try {
      const { verdict } = target.decide(await target.observe(session))
      return verdict === 'unchanged' ? undefined : { code: 'not-as-left', severity: 'error', args: {} }
    } finally {
      await session.close()
    }
  } catch (error) {
    return lostAgain(target.host, error)
  }
}

function lostAgain(host: string, error: unknown): Finding {
  const last = failure(host, error).finding?.code ?? ''
  return { code: 'lost-again', severity: 'error', args: { last } }
}
