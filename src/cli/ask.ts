import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** A question on standard error; yes only for a word that says yes. */
export async function askYesNo(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>(resolve => reader.once('close', () => resolve('')))
  const answer = await Promise.race([reader.question(question), closed])
  reader.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** A question whose answer is not shown. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY })
  const answer = await reader.question('')
  reader.close()
  process.stderr.write('\n')
  return answer
}
