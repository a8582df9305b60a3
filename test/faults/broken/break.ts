/** One thing taken out of fleet, and the scenario that must notice. */
export interface Break {
  /** What fleet does no longer, in words with dashes. */
  readonly name: string
  /** Below src/. */
  readonly file: string
  /** The exact text, which the file has once: a table that doesn't fit the source any more proves nothing. */
  readonly from: string
  readonly to: string
  /** A test file below test/, and the words of its scenario, as far as they go without what is made at run time. */
  readonly red: readonly [file: string, scenario: string]
  /** What the failure says, where it isn't an assertion of the scenario's but an error in the middle of it. */
  readonly says?: RegExp
}

/** Why a break can't be made or judged; empty if it can. `read` gives a file's text, undefined where there is none. */
export function misfits(
  { name, file, from, to, red }: Break,
  read: (path: string) => string | undefined,
): readonly string[] {
  const source = read(`src/${file}`)
  const found = source === undefined ? 0 : source.split(from).length - 1
  const test = read(`test/${red[0]}`)
  const wrong = [
    ...(source === undefined ? [`there is no src/${file}`] : []),
    ...(source !== undefined && found !== 1 ? [`src/${file} has its text ${found} times, not once`] : []),
    ...(from === to ? ['it changes nothing'] : []),
    ...(test === undefined ? [`there is no test/${red[0]}`] : []),
  ]
  return wrong.map(why => `${name}: ${why}`)
}
