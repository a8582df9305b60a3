const SPACE = /\s/

/**
 * The words of a rule, split as iptables-restore splits them: double quotes hold a word together, and a
 * backslash inside quotes takes the next character as it is.
 */
export function tokenize(ruleText: string): string[] {
  if (!ruleText.includes('"')) return ruleText.split(/\s+/).filter(word => word !== '')
  const words: string[] = []
  for (let at = 0; at < ruleText.length; ) {
    if (SPACE.test(ruleText.charAt(at))) at++
    else {
      const { word, end } = readWord(ruleText, at)
      words.push(word)
      at = end
    }
  }
  return words
}

function readWord(text: string, start: number): { word: string; end: number } {
  let word = ''
  let quoted = false
  let at = start
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') quoted = !quoted
    else if (quoted && char === '\\' && at + 1 < text.length) word += text.charAt(++at)
    else if (!quoted && SPACE.test(char)) break
    else word += char
  }
  return { word, end: at }
}

/** The chain or target that a rule jumps or goes to; undefined where it only counts. */
export function targetOf(ruleText: string): string | undefined {
  const words = tokenize(ruleText)
  const at = words.findIndex(word => word === '-j' || word === '-g' || word === '--jump' || word === '--goto')
  return at === -1 ? undefined : words[at + 1]
}
