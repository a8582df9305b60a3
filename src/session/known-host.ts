import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Args } from '../model/finding.ts'
import { fingerprint, type KnownKey, keyType, knownName, matchesName } from './known-hosts.ts'

/** The lines of the known_hosts files of a run, in their order. */
export interface KnownLines {
  readonly all: readonly KnownKey[]
  /** By each of the names that a line says in plain words: looking through all lines for each host is quadratic. */
  readonly byName: ReadonlyMap<string, readonly KnownKey[]>
  /** Lines of which no plain word says whom they mean: with `*`, `?` or `!`. */
  readonly patterns: readonly KnownKey[]
  readonly hashed: readonly KnownKey[]
  /** By the key's base64. */
  readonly byKey: ReadonlyMap<string, readonly KnownKey[]>
}

type Named = Pick<Connection, 'address' | 'port'>
type Target = Pick<Connection, 'host' | 'address' | 'port' | 'hostKeyChecking'>

/** What is known of one host. */
export interface KnownHost {
  /** Of the keys found so far: hashed names are looked at when a key that isn't found makes it necessary. */
  types(): ReadonlySet<string>
  /**
   * Whether the key that the host shows is the one it is known by. `new` means: accept it and write it down.
   * Errors: `host-key-revoked`, `host-key-changed`, `host-key-authority`, `host-key-unknown`, each `unreachable`.
   */
  judge(connection: Target, key: Buffer): 'known' | 'new'
  add(line: KnownKey): void
}

export function indexLines(all: readonly KnownKey[]): KnownLines {
  const hashed = all.filter(({ names }) => names.startsWith('|'))
  const plain = all.filter(({ names }) => !names.startsWith('|'))
  const patterns = plain.filter(({ names }) => /[*?!]/.test(names))
  const named = plain.filter(({ names }) => !/[*?!]/.test(names))
  const byName = group(named, ({ names }) => names.toLowerCase().split(','))
  return { all, byName, patterns, hashed, byKey: group(all, ({ key }) => [key.toString('base64')]) }
}

function group(lines: readonly KnownKey[], namesOf: (line: KnownKey) => string[]): Map<string, KnownKey[]> {
  const groups = new Map<string, KnownKey[]>()
  for (const line of lines) {
    for (const name of new Set(namesOf(line))) {
      const same = groups.get(name)
      if (same) same.push(line)
      else groups.set(name, [line])
    }
  }
  return groups
}

/** The lines that may mean a host, without those that are hashed. */
function plainLines({ address, port }: Named, { byName, patterns }: KnownLines): KnownKey[] {
  const names = [knownName(address, port), knownName(address, 22)]
  return [...new Set([...names.flatMap(name => byName.get(name) ?? []), ...patterns])]
}

/**
 * A hashed line costs an HMAC for each host that is compared with it: 500 hosts and a file of 1500 such lines would
 * be two seconds. So the key that the host shows is looked up first, and only a key that isn't there, or not for
 * this host, makes a search through all lines.
 */
export function knowHost(name: Named, lines: KnownLines): KnownHost {
  const added: KnownKey[] = []
  let searched = select(plainLines(name, lines), name)
  let complete = lines.hashed.length === 0
  return {
    types: () => new Set([...searched.keys, ...searched.bare, ...added].map(({ type }) => type)),
    judge(target, key) {
      if (target.hostKeyChecking === 'off') return 'known'
      const same = select([...(lines.byKey.get(key.toString('base64')) ?? []), ...added], name, key)
      if (same.revoked[0]) throw refuse('host-key-revoked', target, key, same.revoked[0])
      if (same.keys.length + same.bare.length > 0) return 'known'
      if (!complete) searched = select(lines.all, name)
      complete = true
      return judgeOther(target, { ...searched, keys: [...searched.keys, ...added] }, key)
    },
    add: line => added.push(line),
  }
}

interface Selected {
  readonly keys: readonly KnownKey[]
  /** For a port of its own: what is known of the bare name. Good enough to accept, no reason to refuse (as in OpenSSH). */
  readonly bare: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  readonly authorities: readonly KnownKey[]
}

function select(lines: readonly KnownKey[], { address, port }: Named, key?: Buffer): Selected {
  const name = knownName(address, port)
  const bareName = knownName(address, 22)
  const candidates = key ? lines.filter(line => line.key.equals(key)) : lines
  const mine = candidates.filter(({ names }) => matchesName(names, name))
  const bare = name === bareName ? [] : candidates.filter(({ names }) => matchesName(names, bareName))
  const marked = (from: readonly KnownKey[], marker: KnownKey['marker']) =>
    from.filter(line => line.marker === marker)
  return {
    keys: marked(mine, ''),
    bare: marked(bare, ''),
    revoked: [...marked(mine, '@revoked'), ...marked(bare, '@revoked')],
    authorities: marked(mine, '@cert-authority'),
  }
}

/** A host that is known by another key is never new, even if that key is of another type: that is how one is spoofed. */
function judgeOther(target: Target, known: Selected, key: Buffer): 'new' {
  const other = known.keys.find(({ type }) => type === keyType(key)) ?? known.keys[0]
  if (other) throw refuse('host-key-changed', target, key, other)
  const authority = known.authorities[0]
  if (authority) throw refuse('host-key-authority', target, key, authority)
  if (target.hostKeyChecking === 'accept-new') return 'new'
  throw refuse('host-key-unknown', target, key)
}

function refuse(code: string, { host, address, port }: Target, key: Buffer, line?: KnownKey): FleetError {
  const args: Args = {
    host,
    address,
    port,
    type: keyType(key),
    fingerprint: fingerprint(key),
    ...(line ? { knownType: line.type, knownFingerprint: fingerprint(line.key), file: line.at.file } : {}),
  }
  return new FleetError(code, args, { hostState: 'unreachable', ...(line ? { at: line.at } : {}) })
}
