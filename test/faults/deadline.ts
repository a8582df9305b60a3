import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { realClock } from '../../src/cli/clock.ts'
import type { Transaction } from '../../src/host/guard.ts'
import { openJournal } from '../../src/journal/append.ts'
import { readJournal } from '../../src/journal/replay.ts'
import type { Emit, Outcome } from '../../src/model/event.ts'
import type { Finding } from '../../src/model/finding.ts'
import { metaOf } from '../../src/plan/meta.ts'
import { look, newNonce, transactionTo, type Wanted, wanted, web } from '../host/program/change.ts'
import { type MiniHost, startHost, until } from '../host/program/mini-host.ts'
import { bootId, over, persisted, rules, stateFile } from '../host/program/steps.ts'
import { forgetLooks, tellLooks, wasNear } from './nearness.ts'
import { isWhole } from './story.ts'
import { tellChange } from './told-change.ts'

/*
 * A confirmation that arrives when the deadline does. The guard, the program on the host and the controller's own
 * `settle` are the real ones; the connection between them keeps each first `confirm` back until the moment. Each round
 * writes a journal, as a run does from its arming on.
 */

/** What came of the rounds that were a race (nearness.ts). */
export interface Tally {
  readonly persisted: number
  readonly reverted: number
}

/** Milliseconds to confirm in: enough for a fresh connection, and no more than a machine under load makes of it. */
const SHORTEST = 450
const LONGEST = 4000
/** Milliseconds of a connection before and after which it proves something (freshness.ts). */
const FRESH = 110
/** Milliseconds around the deadline. */
const SPREAD = 10
/** Milliseconds by which the aim shifts at most from one round to the next: a host under load is late by hundreds. */
const LONGEST_STEP = 256
const HOSTS = 6
/** Times as many rounds as were asked for, after which what came of them is told as it is. */
const PATIENCE = 10

/**
 * Each round's verdict is compared with the host's state, disk, live rules and journal; where they differ this throws.
 * Goes on after `rounds` until a quarter of so many were a race, and either outcome has come in a tenth of so many.
 */
export async function raceDeadlines(rounds: number): Promise<Tally> {
  const each = Math.ceil(rounds / HOSTS)
  const tallies = await Promise.all(Array.from({ length: HOSTS }, () => raceOnOne(each)))
  const sum = (count: (tally: Tally) => number) => tallies.reduce((all, one) => all + count(one), 0)
  return { persisted: sum(one => one.persisted), reverted: sum(one => one.reverted) }
}

async function raceOnOne(rounds: number): Promise<Tally> {
  const host = await startHost()
  // However the test ends: one race that fails leaves the others running, and so does a test that is out of time.
  onTestFinished(() => host.stop())
  const journals = mkdtempSync(join(tmpdir(), 'fleet-deadline-'))
  onTestFinished(() => rmSync(journals, { recursive: true }))
  const race = await Race.on(host, journals)
  const isEnough = () => race.sent >= rounds && race.near >= rounds / 4 && race.rarer >= rounds / 10
  while (!isEnough() && race.sent < PATIENCE * rounds) await race.round()
  return race.tally
}

/** Live rules, and the way from them to the other ones. */
interface Side {
  readonly live: string
  readonly away: Transaction
}

/** What the one host of a race is called. */
const HOST = 'one'

class Race {
  readonly #host: MiniHost
  readonly #journals: string
  readonly #boot: string
  readonly #uptimeAhead: number
  #here: Side
  #there: Side
  #generation: number
  /** Milliseconds from sending a `confirm` until it decides on the host: shifted until both win. */
  #latency = 40
  #step = 1
  #confirmTimeout = SHORTEST
  #sent = 0
  readonly #count = { persisted: 0, reverted: 0 }

  private constructor(
    host: MiniHost,
    journals: string,
    boot: string,
    uptimeAhead: number,
    sides: readonly [Side, Side],
  ) {
    this.#host = host
    this.#journals = journals
    this.#boot = boot
    this.#uptimeAhead = uptimeAhead
    this.#here = sides[0]
    this.#there = sides[1]
    this.#generation = 2
  }

  /** Goes both ways once, so that no round has to observe. */
  static async on(host: MiniHost, journals: string): Promise<Race> {
    await persisted(host, wanted())
    const plain = await leave(host, web)
    await persisted(host, web)
    const open = await leave(host, wanted())
    await tellLooks(host)
    return new Race(host, journals, await bootId(host), await uptimeAhead(), [open, plain])
  }

  get tally(): Tally {
    return this.#count
  }

  get sent(): number {
    return this.#sent
  }

  get near(): number {
    return this.#count.persisted + this.#count.reverted
  }

  /** How often the outcome came that came less often. */
  get rarer(): number {
    return Math.min(this.#count.persisted, this.#count.reverted)
  }

  async round(): Promise<void> {
    const transaction = this.#next()
    const journal = await openJournal(this.#journals, transaction.nonce, {
      clock: realClock,
      warn: neverLost,
    })
    const { outcome, sentFor } = await this.#settle(transaction, event => journal.append(event))
    await journal.close()
    const { state, finding } = outcome
    await this.#check(transaction, state)
    isWhole(await readJournal(journal.file), HOST, finding ? `${state}: ${finding.code}` : state, 'arming')
    if (sentFor === undefined) this.#confirmTimeout = Math.min(LONGEST, this.#confirmTimeout + 100)
    else this.#learn(state === 'persisted', wasNear(this.#host, transaction.nonce, sentFor))
  }

  /** `sentFor` is the deadline, on the host's clock, for which a `confirm` was kept back and sent. */
  async #settle(
    transaction: Transaction,
    emit: Emit,
  ): Promise<{ outcome: Outcome; sentFor: number | undefined }> {
    let sentFor: number | undefined
    const inForce = async () => {
      const state = () => stateFile(this.#host, transaction) ?? ''
      await until(() => /^(APPLIED|ROLLED_BACK)/.test(state()), 'the rules to be in force')
      const deadline = Number(state().split('-')[1]) * 10
      const moment = this.#moment(deadline)
      forgetLooks(this.#host)
      await sleep(FRESH)
      return async () => {
        const left = moment - this.#latency - performance.now()
        // Also where it was over so soon that nobody saw the deadline.
        if (!(left >= 0)) return
        await sleep(left)
        sentFor = deadline
      }
    }
    const connect = () => this.#host.connect()
    const outcome = await tellChange({ host: HOST, bootId: this.#boot, connect, inForce, emit }, transaction)
    return { outcome, sentFor }
  }

  #next(): Transaction {
    const { away } = this.#here
    const passage = { ...away, base: this.#generation, generation: this.#generation + 1 }
    const meta = metaOf({ ...passage, candidateHash: '' }, away)
    return { ...passage, meta, nonce: newNonce(), confirmTimeout: this.#confirmTimeout }
  }

  /** On this process's clock: the deadline, and up to SPREAD before or after, evenly. */
  #moment(deadline: number): number {
    const offset = (this.sent % (2 * SPREAD + 1)) - SPREAD
    return deadline - this.#uptimeAhead + offset
  }

  async #check({ nonce, generation, base }: Transaction, verdict: string): Promise<void> {
    const isPersisted = verdict === 'persisted'
    const link = readlinkSync(join(this.#host.root, 'etc/iptables/fleet/current'))
    const found = {
      verdict,
      state: stateFile(this.#host, { nonce })?.split('-')[0],
      boots: Number(link.replace('gen-', '')),
      live: await rules(this.#host),
    }
    expect(found).toEqual({
      verdict: isPersisted ? 'persisted' : 'reverted',
      state: isPersisted ? 'PERSISTED' : 'ROLLED_BACK',
      boots: isPersisted ? generation : base,
      live: (isPersisted ? this.#there : this.#here).live,
    })
    if (!isPersisted) return
    this.#generation = generation
    const [here, there] = [this.#there, this.#here]
    this.#here = here
    this.#there = there
  }

  #learn(isPersisted: boolean, isRace: boolean): void {
    this.#sent += 1
    if (isRace) this.#count[isPersisted ? 'persisted' : 'reverted'] += 1
    // Towards the other outcome, the faster the longer it doesn't come.
    const towards = isPersisted ? -1 : 1
    this.#step =
      Math.sign(this.#step) === towards
        ? Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, this.#step * 2))
        : towards
    this.#latency = Math.max(0, this.#latency + this.#step)
    this.#confirmTimeout = Math.max(SHORTEST, this.#confirmTimeout - 10)
  }
}

function neverLost({ code }: Finding): void {
  throw new Error(code)
}

async function leave(host: MiniHost, want: Wanted): Promise<Side> {
  const away = await over(host, async session => transactionTo(await look(session, want), want))
  return { live: await rules(host), away }
}

/** Milliseconds by which the uptime, the hosts' clock, is ahead of this process's. It has hundredths of a second. */
async function uptimeAhead(): Promise<number> {
  const read = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
  const before = read()
  let now = before
  while (now === before) {
    await sleep(1)
    now = read()
  }
  return now - performance.now()
}
