import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Break, misfits } from './break.ts'
import { BREAKS } from './breaks.ts'
import { Copy } from './copy.ts'
import type { Verdict } from './verdict.ts'

/*
 * Takes fleet's safeguards away, one at a time, and demands that the scenario which is there for it turns red.
 *
 *   npm run faults:broken -- [--list] [--only NAME,NAME] [--whole]
 *
 * --whole runs the same scenarios with nothing broken: then all must be green.
 */

const say = (line: string) => void process.stdout.write(`${line}\n`)

function end(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
  },
})

function choose(): readonly Break[] {
  const only = values.only?.split(',')
  const unknown = only?.filter(name => !BREAKS.some(one => one.name === name)) ?? []
  if (unknown.length > 0) end(`no such break: ${unknown.join(', ')}; --list names them all`)
  const chosen = BREAKS.filter(({ name }) => only?.includes(name) ?? true)
  return values.whole ? [...new Map(chosen.map(one => [one.red.join(), one])).values()] : chosen
}

function check(breaks: readonly Break[]): void {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)
  const wrong = breaks.flatMap(one => misfits(one, read))
  if (wrong.length > 0) end(`the table does not fit the source:\n${wrong.join('\n')}`)
}

const tell = ({ name, red }: Break, { is, said, seconds }: Verdict) =>
  `${is === 'green' ? 'GREEN' : is}  ${name}  (${red.join(': ')}, ${seconds.toFixed(0)} s)${said && `\n      ${said}`}`

/** The names of those whose scenario isn't what it must be. */
async function tryAll(breaks: readonly Break[], copy: Copy): Promise<readonly string[]> {
  const wanted = values.whole ? 'green' : 'red'
  const wrong: string[] = []
  for (const one of breaks) {
    const verdict = await (values.whole ? copy.tryWhole(one) : copy.try(one))
    say(tell(one, verdict))
    if (verdict.is !== wanted) wrong.push(one.name)
  }
  return wrong
}

async function main(): Promise<void> {
  const breaks = choose()
  if (values.list) return breaks.map(one => `${one.name}  ${one.file}  ${one.red.join(': ')}`).forEach(say)
  check(breaks)
  const copy = await Copy.of('.')
  const stop = () => process.exit(130)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  process.once('exit', () => copy.remove())
  const wrong = await tryAll(breaks, copy)
  say(`\n${breaks.length - wrong.length} of ${breaks.length} ${values.whole ? 'green' : 'red'}`)
  if (wrong.length > 0) say(`not: ${wrong.join(', ')}`)
  process.exitCode = wrong.length > 0 ? 1 : 0
}

await main()
