import type { BlockOutcome } from '../block/event.ts'

/** 0: blocked everywhere, and after a boot. 3: not everywhere. 4: not after a boot, or nobody knows. */
export function exitCodeOfBlocks(outcomes: readonly BlockOutcome[]): 0 | 3 | 4 {
  return outcomes.reduce<0 | 3 | 4>((worst, { state }) => {
    const code = codeOf(state)
    return code > worst ? code : worst
  }, 0)
}

function codeOf(state: BlockOutcome['state']): 0 | 3 | 4 {
  if (state === 'blocked') return 0
  return state === 'blocked, not persisted' || state === 'unknown' || state === 'stuck' ? 4 : 3
}
