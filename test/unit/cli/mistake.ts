import { FleetError } from '../../../src/model/error.ts'
import { say } from '../../../src/report/say.ts'

/** What is said of what this throws. */
export function mistakeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof FleetError) return say(error.finding)
    throw error
  }
  throw new Error('it was taken')
}
