import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a distribution's packages come from and whose signature they carry. */
export interface Archive {
  readonly mirror: string
  readonly components: string
  readonly keyring: string
}

const ARCHIVES: Readonly<Record<string, Archive>> = {
  debian: {
    mirror: 'http://deb.debian.org/debian',
    components: 'main',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
  },
  ubuntu: {
    mirror: 'http://archive.ubuntu.com/ubuntu',
    components: 'main universe',
    keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
  },
}

/** A distribution's archive at the mirror that this machine's apt uses, or else at the official one. */
export async function archiveOf(distribution: string, etc = '/etc/apt'): Promise<Archive | undefined> {
  const archive = ARCHIVES[distribution]
  if (archive === undefined) return undefined
  const folder = join(etc, 'sources.list.d')
  const names = await readdir(folder).catch(() => [])
  const paths = [join(etc, 'sources.list'), ...names.map(name => join(folder, name))]
  const texts = await Promise.all(paths.map(path => readFile(path, 'utf8').catch(() => '')))
  const mirror = texts.flatMap(addresses).find(url => url.replace(/\/$/, '').endsWith(`/${distribution}`))
  return { ...archive, mirror: mirror ?? archive.mirror }
}

/** The addresses in either of apt's formats: `deb [options] URL suite`, or `URIs: URL ...`. */
function addresses(text: string): readonly string[] {
  const lists = [...text.matchAll(/^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:)\s*(.*)$/gm)]
  return lists.flatMap(list => (list[1] ?? '').split(/\s+/).filter(word => /^https?:/.test(word)))
}
