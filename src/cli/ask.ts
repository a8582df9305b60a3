import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { FleetError } from '../model/error.ts'

/** A question on standard error; yes only for a word that says yes. Once `over` is aborted nobody needs the answer. */
export async function askYesNo(question: string, over?: AbortSignal): Promise<boolean> {
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
