import { createHash } from 'node:crypto'
import type { HostChange } from './host-plan.ts'

interface Origin {
  readonly run: string
  readonly who: string
  readonly since: string
  readonly nonce: string
}

/** meta.json of a generation: a key a line, because a shell reads it; the sums are what makes it whole. */
export function metaOf(change: HostChange, origin: Origin): string {
  const sum = (text: string) => createHash('sha256').update(text).digest('hex')
  const meta = {
    generation: change.generation,
    run: origin.run,
    nonce: origin.nonce,
    who: origin.who,
    made: origin.since,
    candidate: change.candidateHash,
    ...(change.lockdown === undefined ? {} : { lockdown: String(change.lockdown) }),
    'rules.v4.sha256': sum(change.want[4]),
    'rules.v6.sha256': sum(change.want[6]),
    'ipsets.sha256': sum(change.sets),
  }
  return `${JSON.stringify(meta, null, 2)}\n`
}
