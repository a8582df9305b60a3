import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sessionSentences } from '../../../src/report/sentences/session.ts'

it('has a sentence for each error of the room', () => {
  const text = readdirSync('src/session')
    .map(name => readFileSync(`src/session/${name}`, 'utf8'))
    .join('\n')
  const thrown = [...text.matchAll(/(?:FleetError|keyError|refuse|fault|fail)\(\s*'([a-z-]+)'/g)].map(
    m => m[1],
  )
  const mapped = [...text.matchAll(/: '((?:name|connect|auth|handshake)-[a-z-]+)'/g)].map(m => m[1])
  const phases = ['connect-timeout', 'handshake-timeout', 'auth-timeout']
  const known = Object.keys(sessionSentences)
  expect(new Set([...thrown, ...mapped, ...phases].filter(code => !known.includes(code ?? '')))).toEqual(
    new Set(),
  )
  expect(thrown.length).toBeGreaterThan(10)
})
