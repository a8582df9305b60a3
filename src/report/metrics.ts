import { DRIFT_KINDS } from '../plan/drift.ts'
import { conditionOf, type Looked } from './drift.ts'

interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: readonly string[]
}

/**
 * What a look at all hosts found, for the textfile collector of Prometheus' node exporter. Of a host that nobody could
 * look at it is not said that it hasn't drifted. `wall`: milliseconds since the epoch.
 */
export function printMetrics(looked: readonly Looked[], wall: number): string {
  const seen = looked.flatMap(one => ('drift' in one ? [one.drift] : []))
  const metrics: readonly Metric[] = [
    {
      name: 'fleet_drift',
      help: 'Whether the rules of a host, live or on disk, are not what was last confirmed.',
      samples: seen.map(({ host, kinds }) => sample({ host }, kinds.length > 0)),
    },
    {
      name: 'fleet_drift_kind',
      help: 'In what the host drifted.',
      samples: seen.flatMap(({ host, kinds }) =>
        DRIFT_KINDS.map(kind => sample({ host, kind }, kinds.includes(kind))),
      ),
    },
    {
      name: 'fleet_drift_pending',
      help: 'Whether what would be rendered now is not what was last confirmed; nothing where that cannot be said.',
      samples: seen.flatMap(({ host, pending }) =>
        pending === undefined ? [] : [sample({ host }, pending)],
      ),
    },
    {
      name: 'fleet_drift_unreachable',
      help: 'Whether the host could not be looked at; then nothing else is said of it.',
      samples: looked.map(one => sample({ host: one.host }, conditionOf(one) === 'not looked at')),
    },
    {
      name: 'fleet_drift_last_run_timestamp_seconds',
      help: 'When fleet drift last looked at the hosts.',
      samples: [` ${(wall / 1000).toFixed(3)}`],
    },
  ]
  return metrics.map(printMetric).join('')
}

const printMetric = ({ name, help, samples }: Metric): string =>
  [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map(one => `${name}${one}`), ''].join('\n')

function sample(labels: Readonly<Record<string, string>>, value: boolean): string {
  const said = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`)
  return `{${said.join(',')}} ${value ? 1 : 0}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
