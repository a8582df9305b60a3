/** Flags that take a value, so that what follows them in one word isn't read as flags. */
const EXTRA_VARS = /^-[^-iflu=]*?e=?(.*)$/s
const EXTRA_VARS_LONG = /^--(?:extra-vars|e)(?:=(.*))?$/s

/**
 * The command line as the journal may keep it: what is given to `-e` can be a password, so only the name of
 * a file stays of it.
 */
export function describeCommand(words: readonly string[]): string {
  return words.map((word, at) => quote(isExtraVars(words[at - 1]) ? mask(word) : maskIn(word))).join(' ')
}

/** Whether the next word is the value. */
function isExtraVars(word: string | undefined): boolean {
  if (word === undefined) return false
  const match = EXTRA_VARS_LONG.exec(word) ?? EXTRA_VARS.exec(word)
  return match !== null && (match[1] ?? '') === ''
}

/** `-ekey=value` and `--extra-vars=key=value` have it in the same word. */
function maskIn(word: string): string {
  const value = (EXTRA_VARS_LONG.exec(word) ?? EXTRA_VARS.exec(word))?.[1] ?? ''
  return value === '' ? word : word.slice(0, word.length - value.length) + mask(value)
}

const mask = (value: string) => (value.startsWith('@') ? value : '***')

const quote = (word: string) =>
  /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
