import { FleetError } from '../model/error.ts'
import type { Heard } from '../model/event.ts'
import type { Session } from '../session/session.ts'

/** Hears of all that a host is asked, and of what comes back. */
export interface Witness {
  readonly asked: (verb: string) => Promise<void>
  readonly answered: (verb: string, heard: Heard) => Promise<void>
}

interface Witnessed extends Session {
  readonly witness: Witness
}

/** The same session, with somebody who hears what goes over it. */
export const witnessed = (session: Session, witness: Witness): Session & Witnessed => ({
  connectStart: session.connectStart,
  run: run => session.run(run),
  close: () => session.close(),
  witness,
})

const isWitnessed = (session: Session): session is Witnessed => 'witness' in session

/** Asks, and lets the witness know before and after; an error is an answer as well. */
export async function overheard<T>(
  session: Session,
  verb: string,
  ask: () => Promise<T>,
  say: (answer: T) => Heard,
): Promise<T> {
  if (!isWitnessed(session)) return ask()
  const { witness } = session
  await witness.asked(verb)
  try {
    const answer = await ask()
    await witness.answered(verb, say(answer))
    return answer
  } catch (error) {
    if (error instanceof FleetError) await witness.answered(verb, { error: error.code })
    throw error
  }
}
