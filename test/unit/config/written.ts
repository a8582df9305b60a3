import { parseConfig } from '../../../src/config/config.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import type { Finding } from '../../../src/model/finding.ts'

/* A text of fleet.yml, and what is wrong with it. */

export const parse = (text: string) => parseConfig(text, 'fleet.yml', '/etc/fleet')

export function findingsOf(text: string): readonly Finding[] {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof FleetErrors) return error.findings
    throw error
  }
  return []
}
