import type { Connect, Session } from '../../session/session.ts'

/** Connections opened at once: beyond ten that haven't logged in yet sshd drops some by chance (MaxStartups). */
const STARTS = 8

interface Waiter {
  readonly resolve: (session: Session) => void
  readonly reject: (error: unknown) => void
}

/** One host that many want to ask at once, as a way to connect to it: what is closed goes to whoever waits. */
export function share(connect: Connect): Connect {
  const sessions = new Sessions(connect)
  return () => sessions.take()
}

/**
 * A few connections are opened at a time, and none is kept that nobody waits for. Whoever waits, waits for one that is
 * being opened or is out. Where there is neither all hear why: they would hear the same, one after another.
 */
class Sessions {
  readonly #connect: Connect
  readonly #waiting: Waiter[] = []
  #opening = 0
  #out = 0

  constructor(connect: Connect) {
    this.#connect = connect
  }

  take(): Promise<Session> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#openMore()
    })
  }

  #openMore(): void {
    while (this.#opening < STARTS) {
      const next = this.#waiting.shift()
      if (!next) return
      void this.#open(next)
    }
  }

  async #open(waiter: Waiter): Promise<void> {
    this.#opening += 1
    try {
      this.#lend(await this.#connect(), waiter)
      this.#opening -= 1
      this.#openMore()
    } catch (error) {
      this.#opening -= 1
      this.#waiting.unshift(waiter)
      if (this.#opening + this.#out === 0) for (const { reject } of this.#waiting.splice(0)) reject(error)
    }
  }

  #lend(session: Session, { resolve }: Waiter): void {
    this.#out += 1
    let isGood = true
    resolve({
      connectStart: session.connectStart,
      run: async order => {
        isGood = false
        const answer = await session.run(order)
        isGood = answer.code !== null
        return answer
      },
      close: () => this.#takeBack(session, isGood),
    })
  }

  async #takeBack(session: Session, isGood: boolean): Promise<void> {
    this.#out -= 1
    const next = isGood ? this.#waiting.shift() : undefined
    if (next) return this.#lend(session, next)
    if (this.#opening === 0) this.#openMore()
    await session.close()
  }
}
