import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { FleetError } from '../model/error.ts'

/**
 * A question on standard error; yes only for a word that says yes, and was typed after it. Once `over` is aborted nobody
 * needs the answer.
 */
export async function askYesNo(question: string, over?: AbortSignal): Promise<boolean> {
  await forgetTyped()
  if (over?.aborted) return false
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<undefined>(resolve => reader.once('close', () => resolve(undefined)))
  const leave = () => reader.close()
  over?.addEventListener('abort', leave, { once: true })
  const answer = await Promise.race([reader.question(question).catch(() => undefined), closed])
  over?.removeEventListener('abort', leave)
  reader.close()
  if (answer === undefined) process.stderr.write('\n')
  return /^y(es)?$/i.test((answer ?? '').trim())
}

/** Turns of the event loop in which all that a terminal has is read. */
const TURNS = 3
const CTRL_C = 3

/** Who typed before the question was there has answered something else. Ctrl-C is a signal until it is raw. */
async function forgetTyped(): Promise<void> {
  const { stdin } = process
  const forget = (typed: Buffer) => {
    if (typed.includes(CTRL_C)) process.kill(process.pid, 'SIGINT')
  }
  stdin.setRawMode(true).on('data', forget).resume()
  for (let left = TURNS; left > 0; left -= 1) await setImmediate()
  stdin.off('data', forget).pause().setRawMode(false)
}

/** A question whose answer is not shown. Throws `not-answered` for Ctrl-C and Ctrl-D. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY })
  const closed = new Promise<undefined>(resolve => reader.once('close', () => resolve(undefined)))
  const answer = await Promise.race([reader.question('').catch(() => undefined), closed])
  reader.close()
  process.stderr.write('\n')
  if (answer === undefined) throw new FleetError('not-answered')
  return answer
}
