import type { Lab } from '../../../src/lab/lab.ts'

const syn = (lab: Lab, host: string) => ['OUTPUT', '-d', lab.host(host).address4, '-p', 'tcp', '--syn']

/**
 * From now on the first connection to a host gets through, and the one that would confirm doesn't: the window between
 * `applied` and the deadline stays open for a test, without a race.
 */
export async function allowOneConnection(lab: Lab, host: string): Promise<void> {
  const once = ['-m', 'limit', '--limit', '1/day', '--limit-burst', '1', '-j', 'RETURN']
  for (const rest of [once, ['-j', 'DROP']]) await lab.run(['iptables', '-A', ...syn(lab, host), ...rest])
}

/** From now on no new connection to a host gets through. */
export async function denyConnections(lab: Lab, host: string): Promise<void> {
  await lab.run(['iptables', '-A', ...syn(lab, host), '-j', 'DROP'])
}

export async function allowConnections(lab: Lab, host: string): Promise<void> {
  await lab.run(['iptables', '-D', ...syn(lab, host), '-j', 'DROP'])
}
