import type { Event } from '../../model/event.ts'
import type { Finding } from '../../model/finding.ts'

/** Gates that failed before the change: nothing is held against them, and whoever relies on one should know. */
export class FailedBefore {
  /** By gate: of which hosts, and why. */
  readonly #failed = new Map<string, Map<string, string>>()

  hear(event: Event): void {
    if (event.type !== 'host-gate' || event.when !== 'before') return
    const { gate, host, is, detail } = event
    const of = this.#failed.get(gate) ?? new Map<string, string>()
    // A host that is tried again is asked again.
    if (is === 'fail') this.#failed.set(gate, of.set(host, detail))
    else of.delete(host)
  }

  /** One for each gate; a query is of no host. */
  findings(): readonly Finding[] {
    const failed = [...this.#failed].filter(([, of]) => of.size > 0)
    return failed.map(([gate, of]) => {
      const hosts = [...of.keys()].filter(host => host !== '')
      const [detail = ''] = of.values()
      return { code: 'gate-failed-before', severity: 'warning', args: { gate, hosts, detail } }
    })
  }
}

/** The same of a run that was written down. */
export function findFailedBefore(events: Iterable<Event>): readonly Finding[] {
  const failed = new FailedBefore()
  for (const event of events) failed.hear(event)
  return failed.findings()
}
