import { FAMILIES } from '../../src/model/family.ts'
import type { Fault } from './faults.ts'
import type { Reading } from './reading.ts'
import type { Outcome } from './trial.ts'

/** The one name that both families have, live and after a boot; undefined where they differ. */
function sideOf({ live, boots }: Outcome): string | undefined {
  const names = new Set([live, boots].flatMap(reading => FAMILIES.map(family => reading[family])))
  return names.size === 1 ? [...names][0] : undefined
}

/** Right is: the host where it must be, as a whole and over a boot; every word true; and what is Docker's as it came. */
export function isRight(fault: Fault, outcome: Outcome): boolean {
  const side = sideOf(outcome)
  const wanted = ['NEW', 'the rules of the second']
  const isTrue = outcome.words.every(
    ({ claims }, index) => claims === 'nothing' || (claims === 'new') === (side === wanted[index]),
  )
  const isThere = fault.ends === 'said' ? side !== undefined : side === fault.ends
  return isThere && isTrue && (!fault.docker || outcome.dockerKept)
}

/** `OLD`, or what is where: `IPv4 NEW, IPv6 OLD; boots OLD`. */
export function describeHost(fault: Fault, outcome: Outcome): string {
  const { live, boots } = outcome
  const rules = sideOf(outcome) ?? `${inWords(live)}; boots ${inWords(boots)}`
  const shut = outcome.reachable ? '' : ', **shut out**'
  const docker = !fault.docker || outcome.dockerKept ? '' : ", Docker's chains **gone or changed**"
  return rules + shut + docker
}

const inWords = (reading: Reading) =>
  reading[4] === reading[6] ? reading[4] : `IPv4 ${reading[4]}, IPv6 ${reading[6]}`
