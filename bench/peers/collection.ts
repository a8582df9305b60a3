import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE, cached, cachePath } from '../../src/lab/cache.ts'
import { mustRun } from '../../src/lab/command.ts'

/* Ansible's collection community.general, which Debian has in its package `ansible`. */

const PACKAGED = 'usr/lib/python3/dist-packages/ansible_collections'
const UNPACK = `
cd "$1"
apt-get -qq download ansible
dpkg-deb --fsys-tarfile ansible_*.deb | tar -x "./$2/community/general"
rm ansible_*.deb
`

/** The folder for ANSIBLE_COLLECTIONS_PATH; where the package isn't installed, it is fetched once and kept. */
export async function findCollection(): Promise<string> {
  const installed = spawnSync('ls', [`/${PACKAGED}/community/general`]).status === 0
  if (installed) return `/${PACKAGED}/..`
  const kept = await cached(cachePath(CACHE, 'community-general', [UNPACK]), async draft => {
    await mkdir(draft, { recursive: true })
    await mustRun(['sh', '-ec', UNPACK, 'sh', draft, PACKAGED])
  })
  return join(kept, PACKAGED, '..')
}

export function collectionVersion(path: string): string {
  const manifest = join(path, 'ansible_collections/community/general/MANIFEST.json')
  return String(JSON.parse(readFileSync(manifest, 'utf8')).collection_info.version)
}
