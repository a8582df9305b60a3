import { describe, expect, it } from 'vitest'
import { type Lie, lieAs, lieAt, lieOnceAt, repent, serveInstead } from '../liar.ts'
import { PEAK_LIMIT, peakOf } from '../peak.ts'
import { useTrial } from '../trial.ts'

/* Hosts that hang, each at a place of its own: every command has a time, and after it the host is looked at again. */

const hang = 'exec sleep 1000'

/** Rules are changed under the guard, so that the controller asks for the rollback; that is what hangs. */
const fiddle = 'case $2 in *" \'confirm\'"*) iptables -w -D INPUT -i lo -j ACCEPT; honest "$@"; exit ;; esac'
const askedForRollback = lieAt('rollback', `${hang} ;; esac; ${fiddle}; case "" in x)`)

/** A byte a second, for ever. */
const dribble = serveInstead('print $c "S"; $c->flush; sleep 1')

const HANGS: Readonly<Record<string, readonly [Lie, number, string]>> = {
  handshake: [dribble, 3, 'unreachable: handshake-timeout'],
  observe: [lieAt('observe', hang), 4, 'unknown: exec-timeout'],
  save: [lieAs('iptables-save', hang), 4, 'unknown: exec-timeout'],
  arm: [lieAt('arm', hang), 3, 'failed: arm-lost'],
  load: [
    lieAs('iptables-restore', `case "$*" in *"-w 5"*) ${hang} ;; esac; honest "$@"`),
    3,
    'reverted: rolled-back',
  ],
  await: [lieAt('await', hang), 4, 'unknown: host-silent'],
  'await-once': [lieOnceAt('await', hang), 3, 'reverted: rolled-back'],
  confirm: [lieAt('confirm', hang), 3, 'reverted: rolled-back'],
  'confirm-not': [lieAt('confirm', 'exit 0'), 3, 'reverted: rolled-back'],
  'confirm-done': [lieOnceAt('confirm', 'honest "$@"; exec sleep 1000'), 0, 'persisted'],
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
