import { createHash, createHmac } from 'node:crypto'
import type { Place } from '../model/place.ts'

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownKey {
  readonly marker: '' | '@revoked' | '@cert-authority'
  readonly names: string
  readonly type: string
  readonly key: Buffer
  readonly at: Place
}

/** Lines that OpenSSH wouldn't understand are passed over, as OpenSSH does: the file may be newer than we are. */
export function parseKnownHosts(text: string, file: string): KnownKey[] {
  return text.split('\n').flatMap((line, index) => parseLine(line, { file, line: index + 1 }))
}

function parseLine(line: string, at: Place): KnownKey[] {
  const words = line.trim().split(/[ \t]+/)
  const marker = words[0]?.startsWith('@') ? words.shift() : ''
  if (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority') return []
  const [names = '', type = '', text = ''] = words
  const key = Buffer.from(text, 'base64')
  if (names === '' || names.startsWith('#') || keyType(key) !== type) return []
  return [{ marker, names, type, key, at }]
}

/** The type that a public key says of itself: the first string of its blob. Empty if it isn't a key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  return length > 64 ? '' : key.toString('latin1', 4, 4 + length)
}

/** The name that a host goes by in known_hosts. */
export const knownName = (address: string, port: number) =>
  port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`

/** Whether the names of a line (hashed, or a comma list with `*`, `?` and `!`) include `name`. */
export function matchesName(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  let matched = false
  for (const pattern of names.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

function matchesHash(names: string, name: string): boolean {
  const [, version, salt = '', hash] = names.split('|')
  if (version !== '1') return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name
  const source = pattern.replaceAll(/[^*?]/g, letter => letter.replace(/[\\^$.|+()[\]{}/-]/, '\\$&'))
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
}

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer) =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
