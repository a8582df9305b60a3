import type { IpSet } from './ruleset.ts'

/** Text for `ipset restore`: each set made and filled. */
export function printSets(sets: readonly IpSet[]): string {
  return sets.map(printSet).join('')
}

/** What `printSets` has printed. Sets of other types are left out. */
export function parseSets(text: string): readonly IpSet[] {
  const sets = new Map<string, { set: IpSet; entries: string[] }>()
  for (const line of text.split('\n')) {
    const [word, name = '', value = '', , inet] = line.split(' ')
    if (word === 'create' && value === 'hash:net') {
      const entries: string[] = []
      sets.set(name, { set: { name, family: inet === 'inet6' ? 6 : 4, type: value, entries }, entries })
    } else if (word === 'add') sets.get(name)?.entries.push(value)
  }
  return [...sets.values()].map(({ set }) => set)
}

/** The prefix of one address, which ipset doesn't print back. */
const WHOLE = { 4: /\/32$/, 6: /\/128$/ } as const

function printSet({ name, family, type, entries }: IpSet): string {
  const room = Math.max(65536, 2 ** Math.ceil(Math.log2(entries.length + 1)))
  const create = `create ${name} ${type} family ${family === 4 ? 'inet' : 'inet6'} maxelem ${room}\n`
  return create + entries.map(entry => `add ${name} ${entry.replace(WHOLE[family], '')}\n`).join('')
}
