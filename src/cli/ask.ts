import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { FleetError } from '../model/error.ts'

/** A question on standard error; yes only for a word that says yes. */
export async function askYesNo(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>(resolve => reader.once('close', () => resolve('')))
  const answer = await Promise.race([reader.question(question), closed])
  reader.close()
  return /^y(es)?$/i.test(answer.trim())
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
