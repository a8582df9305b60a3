import type { LabHost } from '../../../../src/lab/host.ts'

/** A program that keeps rules of its own on a host: what it tells iptables, as it tells it. */
export interface ForeignProgram {
  /** It comes up. */
  readonly start: string
  /** What it does while it runs: something of its own changes, in every table that it keeps. */
  readonly work: string
  /** Takes `work` back. */
  readonly rest: string
  /** Every line of a save that is its own. */
  readonly mark: RegExp
}

export async function run(host: LabHost, commands: string): Promise<void> {
  const { code, stderr } = await host.exec(`set -e\n${commands}`)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}
