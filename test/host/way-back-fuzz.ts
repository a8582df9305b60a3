import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLive, wrongsOf } from './way-back-judge.ts'
import { printWorld, type World, worlds } from './way-back-worlds.ts'

const KINDS = ['nft', 'legacy'].flatMap(backend =>
  [['dash'], ['busybox', 'sh']].map(shell => ({ backend, shell, name: shell[0] ?? '' })),
)

const PROGRAM = ['rules', 'undo', 'way-back']
  .map(name => readFileSync(`src/host/${name}.sh`, 'utf8'))
  .join('\n')

/** In a fresh namespace each: the rules as they are met, undone, and undone once more. */
const SCRIPT = `
LIMIT= PINNED_4=$BACKEND
back() { live 4 | undo_from_live now want before "$EMPTYING" >"$1" && load_piped 4 <"$1"; }
cd "$CASE" && tools 4 || exit
"$restore" -c <live && "$save" -c >met && back undo && "$save" -c >then && back again
`

/** Random rules, `cases` for each backend and shell: the undo that is made from what is live leads back, and hurts nobody. */
export function holdWayBack(cases: number): void {
  const root = mkdtempSync(join(tmpdir(), 'way-back-'))
  beforeAll(() => writeFileSync(join(root, 'program.sh'), PROGRAM + SCRIPT))
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  describe.each(KINDS)('$backend under $name', ({ backend, shell, name }) => {
    it('leads back from anything among rules of others, and leaves these alone', () => {
      const seed = Number(process.env.FLEET_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
      for (const [at, world] of fc.sample(worlds, { seed, numRuns: cases }).entries()) {
        const folder = join(root, `${backend}-${name}-${at}`)
        const env = { ...process.env, BACKEND: backend, CASE: folder, EMPTYING: at % 2 === 0 ? '' : 'yes' }
        layOut(folder, world)
        execFileSync('unshare', ['-n', ...shell, join(root, 'program.sh')], {
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        const read = (file: string) => readFileSync(join(folder, file), 'utf8')
        const story = `${folder}, seed ${seed}, case ${at}:\n${read('met')}\n${read('undo')}`
        const again = read('again').replaceAll(/^\*\w+\n-X \w+\nCOMMIT\n/gm, '')
        const wrongs = [...wrongsOf(world, readLive(read('met')), readLive(read('then'))), again]
        expect({ story, wrongs }).toEqual({ story, wrongs: [''] })
      }
    }, 600_000)
  })
}

function layOut(folder: string, world: World): void {
  mkdirSync(folder)
  for (const when of ['now', 'want', 'before', 'live'] as const)
    writeFileSync(join(folder, when), printWorld(world, when))
}
