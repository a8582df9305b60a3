import { realClock } from '../../src/cli/clock.ts'
import { arm, type Transaction } from '../../src/host/guard.ts'
import type { Emit, Outcome } from '../../src/model/event.ts'
import { hearHost } from '../../src/rollout/hear-host.ts'
import { settle } from '../../src/rollout/settle.ts'
import type { Connect, Session } from '../../src/session/session.ts'

interface Teller {
  readonly host: string
  readonly bootId: string
  readonly connect: Connect
  readonly emit: Emit
  /** Once it is armed: waits for the rules, and says what each connection waits for before it confirms. */
  readonly inForce: () => Promise<() => Promise<void>>
}

/** A change as a controller makes it below its commands: armed, settled, and told as a rollout tells it. */
export async function tellChange(teller: Teller, transaction: Transaction): Promise<Outcome> {
  const { host, bootId, connect, emit } = teller
  const { nonce, confirmTimeout, base, generation } = transaction
  const armed = { host, nonce, bootId, confirmTimeout }
  await emit({ type: 'host-step', ...armed, step: 'arming', base, generation })
  const begunAt = performance.now()
  await armOver(await hearHost(host, connect, emit)(), transaction)
  const closedAt = performance.now()
  await emit({ type: 'host-step', host, step: 'armed' })
  const before = await teller.inForce()
  const held: Connect = async () => keepBack(await connect(), before)
  const tools = { connect: hearHost(host, held, emit), clock: realClock, emit, lookAgain: neverForgotten }
  const settled = await settle({ ...armed, begunAt, closedAt }, tools)
  if (settled === 'disarmed') throw new Error('its session never ended')
  await emit({ type: 'host-settled', ...settled })
  return settled
}

const neverForgotten = () => Promise.reject(new Error('the host forgot its transaction'))

async function armOver(session: Session, transaction: Transaction): Promise<void> {
  try {
    await arm(session, transaction)
  } finally {
    await session.close()
  }
}

function keepBack(session: Session, until: () => Promise<void>): Session {
  return {
    connectStart: session.connectStart,
    close: () => session.close(),
    async run(run) {
      if (run.args?.[2] === 'confirm') await until()
      return session.run(run)
    },
  }
}
