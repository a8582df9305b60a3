import type { Generation } from '../host/observation.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { isUnbooted, sameChange } from '../plan/same-change.ts'
import type { Session } from '../session/session.ts'
import type { Untransacted } from './armed.ts'
import { isAtWork, judgeLost, type Standing } from './judge-lost.ts'
import type { Target } from './target.ts'

/** What a host looks like that doesn't know the change of this plan, or doesn't any more: it is observed anew. */
export async function lookAgain(
  session: Session,
  target: Target,
  plan: HostPlan,
  nonce: string,
): Promise<Untransacted> {
  const seen = await target.observe(session)
  const { guard, generation, bootId, up } = seen
  const isBusy = seen.arming || isAtWork(guard)
  return { is: judgeLost({ isBusy, ...standing(plan, target.decide(seen), generation, nonce) }), bootId, up }
}

/** A fresh plan has looked at rules and disk both. */
function standing(
  plan: HostPlan,
  now: HostPlan,
  generation: Generation,
  nonce: string,
): Omit<Standing, 'isBusy'> {
  const { change } = plan
  // The same rules prove nothing: another host has them too.
  const made = change?.removes ? generation.number === change.generation : generation.nonce === nonce
  if (now.verdict === 'unchanged' && made) return both('wanted')
  if (change?.removes && change.base > 0 && generation.number === 0)
    return { ...both('other'), boots: 'half removed' }
  const isBack = sameChange(plan, now) || (made && isUnbooted(plan, now, generation))
  return both(isBack ? 'before' : 'other')
}

const both = (boots: 'wanted' | 'before' | 'other') => ({
  boots,
  live: { wanted: boots === 'wanted', before: boots === 'before' },
})
