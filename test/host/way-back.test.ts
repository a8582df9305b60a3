import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { holdWayBack } from './way-back-fuzz.ts'

holdWayBack(3)

it.each([['dash'], ['busybox', 'sh']])('does what the example in its head says (%s)', (...shell) => {
  const files = { now: 'A B', want: 'C', before: 'A x B y', live: 'n x C A y' }
  const save = (words: string) =>
    `*filter\n:INPUT DROP [0:0]\n${words.replaceAll(/(\S) ?/g, '-A INPUT -j $1\n')}COMMIT\n`
  const script = `. src/host/rules.sh; . src/host/way-back.sh; cd "$(mktemp -d)"
    echo "$now" >now; echo "$want" >want; echo "$before" >before; echo "$live" | undo_from_live now want before; rm -r "$PWD"`
  const env = Object.fromEntries(Object.entries(files).map(([name, words]) => [name, save(words)]))
  const undo = execFileSync(shell[0] ?? '', [...shell.slice(1), '-c', script], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  expect(undo.split('\n').filter(line => line.startsWith('-'))).toEqual([
    '-D INPUT -j C',
    '-D INPUT -j A',
    '-I INPUT 2 -j A',
    '-I INPUT 4 -j B',
  ])
})
