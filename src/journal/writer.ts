import { readFileSync } from 'node:fs'
import type { Writer } from '../model/event.ts'

/** This process, as a journal names who writes it. */
export const thisWriter = (): Writer => ({ pid: process.pid, start: startOf(process.pid) })

/**
 * Whether the process that wrote a journal still runs on this machine. Its start tells it from a later process with
 * the same number, where the machine says that (proc(5)); elsewhere the number alone decides.
 */
export function isRunning({ pid, start }: Writer): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process is a process.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const now = startOf(pid)
  return start === '' || now === '' || now === start
}

/** The boot and the clock tick of that boot at which a process started; '' where that can't be read. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks === undefined ? '' : `${boot} ${ticks}`
  } catch {
    return ''
  }
}
