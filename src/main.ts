#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { UsageError } from './cli/flags.ts'
import { runProgram } from './cli/program.ts'

/** Outcome or error -> exit code: the only place that ends the process. */
async function main(): Promise<number> {
  try {
    return await runProgram(process.argv.slice(2), version())
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`fleet: ${error.message}\n`)
      return 1
    }
    const { explain } = await import('./cli/explain.ts')
    return explain(error)
  }
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}

// Who reads may leave (`| head`, a window that is closed): that must neither end a change in its middle nor its exit code.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
process.exitCode = await main()
// A closed pipe or a session that doesn't end must not keep the process: all that matters was awaited.
process.stdout.write('', () => process.exit())
