import { describe, expect, it } from 'vitest'
import { lieAs, lieAt, lieOnceAt, repent, serveInstead } from '../liar.ts'
import { PEAK_LIMIT, peakOf } from '../peak.ts'
import { type Trial, useTrial } from '../trial.ts'

/* Hosts that hang, each at a place of its own: every command has a time, and after it the host is looked at again. */

type Lie = (trial: Trial, host: string) => Promise<unknown>
const hang = 'exec sleep 1000'
const at =
  (verb: string, script = hang): Lie =>
  (trial, host) =>
    lieAt(trial, host, verb, script)
const onceAt =
  (verb: string, script = hang): Lie =>
  (trial, host) =>
    lieOnceAt(trial, host, verb, script)
const tool =
  (name: string, script = hang): Lie =>
  (trial, host) =>
    lieAs(trial, host, name, script)
/** Rules are changed under the guard, so that the controller asks for the rollback; that is what hangs. */
const askedForRollback: Lie = async (trial, host) => {
  const fiddle =
    'case $2 in *" \'confirm\'"*) iptables -w -D INPUT -i lo -j ACCEPT; honest "$@"; exit ;; esac'
  await lieAt(trial, host, 'rollback', `${hang} ;; esac; ${fiddle}; case "" in x)`)
}

/** A byte a second, for ever. */
const dribble: Lie = (trial, host) => serveInstead(trial, host, 'print $c "S"; $c->flush; sleep 1')

const HANGS: Readonly<Record<string, readonly [Lie, number, string]>> = {
  handshake: [dribble, 3, 'unreachable: handshake-timeout'],
  observe: [at('observe'), 4, 'unknown: exec-timeout'],
  save: [tool('iptables-save'), 4, 'unknown: exec-timeout'],
  arm: [at('arm'), 3, 'failed: arm-lost'],
  load: [
    tool('iptables-restore', `case "$*" in *"-w 5"*) ${hang} ;; esac; honest "$@"`),
    3,
    'reverted: rolled-back',
  ],
  await: [at('await'), 4, 'unknown: host-silent'],
  'await-once': [onceAt('await'), 3, 'reverted: rolled-back'],
  confirm: [at('confirm'), 3, 'reverted: rolled-back'],
  'confirm-not': [at('confirm', 'exit 0'), 3, 'reverted: rolled-back'],
  'confirm-done': [onceAt('confirm', 'honest "$@"; exec sleep 1000'), 0, 'persisted'],
  rollback: [askedForRollback, 3, 'reverted: rolled-back'],
}

const NAMES = Object.keys(HANGS)
const trial = useTrial('lying-long', [...NAMES, 'honest'])

/** Milliseconds, on any machine: far less than what these hosts would keep somebody waiting. */
const ENDS_WITHIN = 300_000

describe.concurrent('a host that hangs', { timeout: ENDS_WITHIN }, () => {
  it.each(Object.entries(HANGS))('at %s', async (name, [lie, code, said]) => {
    const isFirst = name === 'observe'
    await lie(trial, name)
    const attempt = await trial.begin([name, ...(isFirst ? ['honest'] : [])])
    expect(await peakOf(attempt.running)).toBeLessThan(PEAK_LIMIT)
    await repent(trial, name)
    await trial.ends(attempt, code, { [name]: said, ...(isFirst ? { honest: 'persisted' } : {}) })
    await trial.isOn(name, said === 'persisted' ? 'NEW' : 'OLD')
  })
})
