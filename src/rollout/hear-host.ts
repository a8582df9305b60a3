import { type Witness, witnessed } from '../host/witness.ts'
import { FleetError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import type { Connect, Session } from '../session/session.ts'
import type { Observed } from './target.ts'

/** The host of a plan, and all that it is asked and answers from here on is told. */
export function hearObserved(observed: Observed, emit: Emit): Observed {
  const { target } = observed
  const connect = hearHost(target.host, target.connect, emit)
  const session = overhear(observed.session, target.host, emit)
  return { ...observed, session, target: { ...target, connect } }
}

/**
 * Connections whose talk is told. One that can't be made is an answer as well: told once, however often it is tried,
 * as long as it fails in the same way.
 */
export function hearHost(host: string, connect: Connect, emit: Emit): Connect {
  let last = ''
  return async signal => {
    try {
      const session = await connect(signal)
      last = ''
      return overhear(session, host, emit)
    } catch (error) {
      if (error instanceof FleetError && error.code !== last) {
        last = error.code
        await emit({ type: 'host-answered', host, verb: 'connect', error: error.code })
      }
      throw error
    }
  }
}

function overhear(session: Session, host: string, emit: Emit): Session {
  const witness: Witness = {
    asked: async verb => emit({ type: 'host-asked', host, verb }),
    answered: async (verb, heard) => emit({ type: 'host-answered', host, verb, ...heard }),
  }
  return witnessed(session, witness)
}
