import { afterAll, beforeAll } from 'vitest'
import { type Lab, startLab } from '../../../src/lab/lab.ts'
import type { HostSpec, LabSpec } from '../../../src/lab/spec.ts'

export type TestLab = Omit<LabSpec, 'name' | 'hosts' | 'stateDir'>

/**
 * A lab for the tests of a file or a describe block: started before the first, removed after the last.
 * Answers a getter, since the lab isn't there yet when a file is collected. `hosts` are names or whole specs.
 * Give each file a name of its own: what a crashed run left under it is removed first. `FLEET_TEST_RUN` goes before
 * all names, so that two runs on one machine keep out of each other's way.
 */
export function useTestLab(
  name: string,
  hosts: readonly (string | HostSpec)[],
  more: TestLab = {},
): () => Lab {
  let lab: Lab | undefined
  const specs = hosts.map(host => (typeof host === 'string' ? { name: host } : host))
  beforeAll(async () => {
    lab = await startLab({ name: `${process.env.FLEET_TEST_RUN ?? 'test-'}${name}`, hosts: specs, ...more })
  })
  afterAll(async () => {
    await lab?.stop()
  })
  return () => {
    if (lab === undefined) throw new Error(`the lab ${name} isn't up`)
    return lab
  }
}
