import { readConnection } from '../host/connection.ts'
import { type Candidate, observe, observeRelease } from '../host/observe.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import type { Host } from '../model/host.ts'
import { decideLockdown, decideRelease, releaseOf } from '../plan/lockdown.ts'
import { type LockdownRules, lockdownRules, managersOf } from '../plan/lockdown-rules.ts'
import { parseSshConnection } from '../plan/lockout.ts'
import { observeAll } from '../rollout/observe-all.ts'
import type { Target } from '../rollout/target.ts'
import { printCandidate } from './candidate.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { hostsAtOnce, keptOpen, poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs, type Sources } from './inputs.ts'
import { among, type Prepared } from './prepared.ts'
import { acceptedRisks } from './risk.ts'
import { warnOnce } from './warnings.ts'
import { wayBack } from './ways-back.ts'

/** Everything read that a lockdown or its release needs: no template is. */
export async function prepareLockdown(
  flags: Flags,
  cancel: AbortSignal,
  sources?: Sources,
): Promise<Prepared> {
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword, sources)
  for (const finding of inputs.findings) if (finding.severity === 'warning') warnOnce(finding)
  const pool = poolFor(inputs, withPassword, cancel)
  const { each, connector: connect } = pool
  const make = flag(flags, 'release', 'boolean') ? releaseTarget : lockdownTarget
  const targets = subjectsOf(inputs, flags).map(
    (subject): Target => ({
      host: subject.host.name,
      connect: connect(subject.connection),
      ...make(subject),
    }),
  )
  const open = keptOpen(inputs, withPassword)
  return {
    inputs,
    each,
    connect,
    hosts: hostsAtOnce(inputs, withPassword),
    clock: realClock,
    back: wayBack(inputs, withPassword, pool),
    targets,
    survey: (emit, only) => observeAll(among(targets, only), { each, clock: realClock, emit, open }),
  }
}

type Subject = ReturnType<typeof subjectsOf>[number]

function subjectsOf(inputs: Inputs, flags: Flags) {
  const accepts = acceptedRisks(
    flags,
    inputs.hosts.map(({ name }) => name),
  )
  return inputs.hosts.flatMap((host: Host) => {
    const connection = inputs.connections.get(host.name)
    if (!connection) return []
    return [{ host, connection, acceptLockoutRisk: accepts(host.name) }]
  })
}

/** The controller's address is the one that the host itself sees, so that a look at it comes before the candidate. */
function lockdownTarget({ host, acceptLockoutRisk }: Subject): Pick<Target, 'observe' | 'decide'> {
  const { managers, tooWide } = managersOf(fleetList(host, 'fleet_management') ?? [])
  const rulesFor = (sshConnection: string) => askedOf(sshConnection, managers)
  return {
    observe: async session => observe(session, rulesFor(await readConnection(session)).candidate),
    decide: seen => {
      const { rules, candidate } = rulesFor(seen.sshConnection)
      return decideLockdown({
        host: host.name,
        groups: host.groups,
        seen,
        rules,
        managers,
        tooWide,
        candidateHash: candidate.hash,
        acceptLockoutRisk,
      })
    },
  }
}

interface AskedOf {
  readonly rules: LockdownRules
  readonly candidate: Candidate
}

const known = new Map<string, AskedOf>()

/** Most hosts see fleet come from one address and have one list of managers: their rules are made once. */
function askedOf(sshConnection: string, management: readonly string[]): AskedOf {
  const { client = '', serverPort: port = 22 } = parseSshConnection(sshConnection) ?? {}
  const key = JSON.stringify([client, port, management])
  const before = known.get(key)
  if (before) return before
  const rules = lockdownRules({ client, port, management })
  const asked = { rules, candidate: printCandidate(rules.rulesets, rules.sets) }
  known.set(key, asked)
  return asked
}

function releaseTarget({ host, acceptLockoutRisk }: Subject): Pick<Target, 'observe' | 'decide'> {
  const question = {
    host: host.name,
    groups: host.groups,
    preserve: fleetList(host, 'fleet_preserve') ?? [],
    replace: fleetList(host, 'fleet_replace') ?? [],
    acceptLockoutRisk,
  }
  return {
    observe: session => observeRelease(session, releaseOf),
    decide: seen => decideRelease({ ...question, seen }),
  }
}
