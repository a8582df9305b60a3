import { type Edge, edgesOf, type State, type World } from './state.ts'

/*
 * packages.sh: what postinst starts loads whatever lies there, so it is masked meanwhile, and left disabled until a boot
 * was rehearsed. What dies in the middle leaves it masked.
 */

const { step, harm } = edgesOf('packages')

export function packageSteps(s: State, { flaw }: World): readonly Edge[] {
  if (s.packages === '-') return []
  return [...nextOf(s, flaw), harm('the package step is killed', { packages: '-', arm: '-' })]
}

function nextOf(s: State, flaw: World['flaw']): Edge[] {
  if (s.packages === 'asked') {
    const unit = flaw === 'not masked' ? s.unit : 'masked'
    return [step('masks the unit', { unit, packages: 'masked' })]
  }
  if (s.packages === 'installed') {
    const unit = flaw === 'not disabled' ? 'on' : 'off'
    return [step('disables the unit and unmasks it', { unit, packages: '-' })]
  }
  const started = s.unit === 'masked' ? {} : ({ live4: 'PART', live6: 'PART', unit: 'on' } as const)
  return [step('installs: the unit is started', { ...started, packages: 'installed' })]
}
