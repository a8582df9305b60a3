import { describe, it } from 'vitest'
import { becomes } from '../integration/hosts/guard.ts'
import { step } from '../integration/hosts/site.ts'
import { useTrial } from './trial.ts'

/* The controller is killed (kill -9) after each of its steps: OLD before it confirmed, NEW after, and a rerun says what happened. */

const trial = useTrial('controller-killed', ['armed'])

describe.concurrent('fleet is killed', () => {
  it('once a host is armed: the host takes itself back, and a rerun does the change', async () => {
    const first = await trial.begin(['armed'])
    await first.running.until(step('armed', 'armed'))
    await first.running.kill()
    await becomes(trial.host('armed'), /ROLLED_BACK|DISARMED/)
    await trial.isOn('armed', 'OLD')
    await trial.ends(await trial.begin(['armed']), 0, { armed: 'persisted' })
  })
})
