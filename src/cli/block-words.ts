import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isAddress } from '../address/mistake.ts'
import { type Named, readAddress, readList, settleNamed } from '../block/words.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { isTerminal } from './terminal.ts'

/** What the words of a command name: addresses, files of them, or `-`. All that is wrong with them is thrown at once. */
export async function readWords(words: readonly string[]): Promise<readonly Named[]> {
  let named: readonly Named[] = []
  const wrong: Finding[] = []
  for (const word of words.flatMap(one => (existsSync(one) ? [one] : one.split(',').filter(Boolean)))) {
    try {
      named = named.concat(await readWord(word))
    } catch (error) {
      if (error instanceof FleetErrors) wrong.push(...error.findings)
      else if (error instanceof FleetError) wrong.push(error.finding)
      else throw error
    }
  }
  if (wrong.length > 0) throw new FleetErrors(wrong)
  return settleNamed(named)
}

async function readWord(word: string): Promise<readonly Named[]> {
  if (word === '-') return readList(await readInput(), 'standard input')
  if (isAddress(word) || !existsSync(word)) return [readAddress(word)]
  const content = await readFile(word, 'utf8').catch((cause: Error) => {
    throw new FleetError('block-list-unreadable', { reason: cause.message }, { at: { file: word }, cause })
  })
  return readList(content, word)
}

async function readInput(): Promise<string> {
  if (isTerminal(process.stdin))
    process.stderr.write('Addresses, one a line; Ctrl-D ends the list, Ctrl-C leaves.\n')
  return text(process.stdin)
}
