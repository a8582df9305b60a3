import type { Clock } from '../model/clock.ts'
import type { Event } from '../model/event.ts'
import { say } from '../report/say.ts'
import type { Inputs } from './inputs.ts'

/** Those whom fleet.yml wants to be told of a run. */
export interface Told {
  hear(event: Event): void
  /** The run wasn't agreed to. */
  forget(): void
  /** Waits for them, a limited time, and says on standard error who wasn't reached. */
  close(): Promise<void>
}

export interface About {
  readonly run: string
  readonly who: string
  readonly command: string
}

const NOBODY: Told = { hear: () => undefined, forget: () => undefined, close: async () => undefined }

/** Milliseconds of silence. */
const PATIENCE = 1000

export async function openHooks({ config, sources }: Inputs, about: About, clock: Clock): Promise<Told> {
  if (!config.hooks?.length) return NOBODY
  const [{ Hooks }, { sayNotice }] = await Promise.all([
    import('../notify/hooks.ts'),
    import('../report/notice.ts'),
  ])
  const hooks = new Hooks(
    config.hooks,
    { ...about, inventory: sources },
    { wall: () => clock.wall(), say, sayNotice },
  )
  return {
    hear: event => hooks.hear(event),
    forget: () => hooks.forget(),
    close: async () => {
      const closed = hooks.close()
      await Promise.race([closed, clock.sleep(PATIENCE)])
      if (hooks.busy > 0) process.stderr.write(`waiting for ${hooks.busy} of the hooks of fleet.yml\n`)
      for (const finding of await closed) process.stderr.write(`${say(finding)}\n`)
    },
  }
}
