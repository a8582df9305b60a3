import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What of a base root a host must not have, and the files that say so. */
export interface Leftovers {
  readonly absent: readonly string[]
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/**
 * Firewalls of the machine itself: on a host they would be a decision that nobody made there. A host gets
 * iptables-persistent as any other machine does, with apt.
 */
const UNWANTED = [
  'ferm',
  'firewalld',
  'ipset-persistent',
  'iptables-persistent',
  'netfilter-persistent',
  'shorewall',
  'shorewall6',
  'ufw',
]

/** Takes the unwanted packages out of a root as if they had never been installed there. */
export async function leftovers(base: string): Promise<Leftovers> {
  const status = await readFile(join(base, 'var/lib/dpkg/status'), 'utf8').catch(() => '')
  const stanzas = status.trim().split(/\n\n+/)
  const unwanted = stanzas.map(nameOf).filter(name => UNWANTED.includes(name))
  if (unwanted.length === 0) return { absent: [], files: [] }
  const absent = await Promise.all(unwanted.map(name => filesOf(base, name)))
  const kept = stanzas.filter(stanza => !UNWANTED.includes(nameOf(stanza)))
  return { absent: absent.flat(), files: [{ path: 'var/lib/dpkg/status', text: `${kept.join('\n\n')}\n` }] }
}

const nameOf = (stanza: string): string => /^Package: (.*)$/m.exec(stanza)?.[1] ?? ''

/** dpkg lists folders too, and those belong to others as well: only what no other path lies below is a file. */
async function filesOf(base: string, name: string): Promise<readonly string[]> {
  const list = await readFile(join(base, `var/lib/dpkg/info/${name}.list`), 'utf8').catch(() => '')
  const paths = list.split('\n').filter(path => path.startsWith('/') && path !== '/.')
  const leaves = paths.filter(path => !paths.some(other => other.startsWith(`${path}/`)))
  const own = [
    'list',
    'md5sums',
    'conffiles',
    'postinst',
    'preinst',
    'postrm',
    'prerm',
    'config',
    'templates',
  ]
  return [...leaves.map(path => path.slice(1)), ...own.map(end => `var/lib/dpkg/info/${name}.${end}`)]
}
