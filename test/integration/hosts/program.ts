import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The program as users run it. `FLEET_PROGRAM` names another build, such as an installed package. */
export const PROGRAM = resolve(process.env.FLEET_PROGRAM ?? 'dist/main.js')

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs),
  )

/** Throws where the program isn't built, or older than its source: a test of yesterday's code says nothing. */
function checkBuilt(): void {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} isn't there: run \`npm run build\` first`)
  if (process.env.FLEET_PROGRAM !== undefined) return
  if (statSync(PROGRAM).mtimeMs < newest('src'))
    throw new Error(`${PROGRAM} is older than src: run \`npm run build\` first`)
}

checkBuilt()
