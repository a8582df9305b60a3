import { familyOf, parseNetworks } from '../address/network.ts'
import { FleetError } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import type { Args } from '../model/finding.ts'

/** A problem of a rule's words, without its place. */
export interface WordProblem {
  readonly code: string
  readonly args: Args
}

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

const WORD = /(?:"(?:\\.|[^"\\])*"|[^\s"])+/g
const ADDRESS = ['-s', '--source', '--src', '-d', '--destination', '--dst']
const RANGE = ['--src-range', '--dst-range', '--to-source', '--to-destination']
/** What iptables takes, in characters and ports; beyond that it cuts or refuses. */
const LENGTHS: Readonly<Record<string, number>> = {
  '--comment': 255,
  '--log-prefix': 29,
  '--match-set': 31,
  '-j': 28,
  '-g': 28,
}
const MOST_PORTS = 15

/** Words that belong to one family only. */
const OF_FAMILY: Readonly<Record<string, Family>> = {
  icmp: 4,
  '--icmp-type': 4,
  'ipv6-icmp': 6,
  icmpv6: 6,
  icmp6: 6,
  '--icmpv6-type': 6,
  hl: 6,
  ttl: 4,
}

/**
 * A rule's text as the rules that iptables would make of it: one for each address where `-s` or `-d` lists
 * several, so that every rule keeps its line. Problems: host names, addresses and words of the other family,
 * what is longer than iptables takes, quotes that don't close.
 */
export function readRule(text: string, family: Family): { texts: string[]; problems: WordProblem[] } {
  if (text.replaceAll(/\\./g, '').split('"').length % 2 === 0)
    return { texts: [], problems: [problem('rule-quote', { text })] }
  const words = splitWords(text)
  const problems = words.flatMap((word, index) => checkWord(word, words[index - 1], words[index + 1], family))
  return { texts: problems.length > 0 ? [] : expand(text, words), problems }
}

/** `--source=x` is two words with nothing between. */
function splitWords(text: string): Word[] {
  return [...text.matchAll(WORD)].flatMap(match => {
    const equals = match[0].startsWith('--') ? match[0].indexOf('=') : -1
    const whole = { text: match[0], start: match.index, end: match.index + match[0].length }
    if (equals === -1) return [whole]
    const middle = match.index + equals
    return [
      { text: match[0].slice(0, equals), start: match.index, end: middle },
      { text: match[0].slice(equals + 1), start: middle + 1, end: whole.end },
    ]
  })
}

function checkWord(
  word: Word,
  before: Word | undefined,
  after: Word | undefined,
  family: Family,
): WordProblem[] {
  const option = before?.text ?? ''
  if (ADDRESS.includes(word.text) && before?.text === '!' && after?.text.includes(',')) {
    return [problem('rule-negated-list', { text: after.text })]
  }
  if (ADDRESS.includes(option)) return word.text.split(',').flatMap(item => checkAddress(item, family))
  if (RANGE.includes(option)) return checkRange(word.text, family)
  if (/^-[sdpiojg]./.test(word.text) && !option.startsWith('--'))
    return [problem('rule-glued', { text: word.text })]
  const only = isFamilyWord(word.text, option) ? OF_FAMILY[word.text] : undefined
  if (only !== undefined && only !== family) return [wrongFamily(word.text, family)]
  return checkLength(word.text.replaceAll('"', ''), option)
}

const isFamilyWord = (word: string, option: string) =>
  word.startsWith('--')
    ? Object.hasOwn(OF_FAMILY, word)
    : ['-p', '--protocol', '-m', '--match'].includes(option) && Object.hasOwn(OF_FAMILY, word)

function checkAddress(text: string, family: Family): WordProblem[] {
  if (/^[\d.:a-f]+-[\d.:a-f]+$/i.test(text)) return [problem('rule-range', { text })]
  try {
    return parseNetworks(text).family === family ? [] : [wrongFamily(text, family)]
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return [problem(error.args.why === 'name' ? 'rule-host-name' : error.code, error.args)]
  }
}

/** `a-b` of iprange, `a-b:ports` of NAT; what isn't an address there is left to iptables. */
function checkRange(text: string, family: Family): WordProblem[] {
  const first = /^\[?([0-9a-fA-F.:]+?)\]?(?:-|:\d+(?:-\d+)?$|$)/.exec(text)?.[1] ?? ''
  const found = familyOf(text.split('-')[0] ?? '') ?? familyOf(first)
  return found === undefined || found === family ? [] : [wrongFamily(text, family)]
}

function checkLength(text: string, option: string): WordProblem[] {
  const most = LENGTHS[option]
  if (most !== undefined && text.length > most) {
    return [problem('rule-too-long', { option, most, length: text.length })]
  }
  const ports = /^--(s|d|source-|destination-)?ports$/.test(option) ? text.split(/[,:]/).length : 0
  return ports > MOST_PORTS ? [problem('rule-too-many-ports', { most: MOST_PORTS, ports })] : []
}

const problem = (code: string, args: Args): WordProblem => ({ code, args })
const wrongFamily = (text: string, family: Family) => problem('rule-wrong-family', { text, family })

function expand(text: string, words: readonly Word[]): string[] {
  const at = words.findIndex(
    (word, index) => ADDRESS.includes(words[index - 1]?.text ?? '') && word.text.includes(','),
  )
  const word = words[at]
  if (!word) return [text]
  return word.text.split(',').flatMap(item => {
    const one = text.slice(0, word.start) + item + text.slice(word.end)
    return expand(one, splitWords(one))
  })
}
