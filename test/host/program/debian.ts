import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder with the files of Debian's netfilter-persistent and iptables-persistent, unpacked and never installed.
 * Kept between runs.
 */
export function persistentFiles(): string {
  const cache = join(tmpdir(), 'fleet-persistent-files')
  if (existsSync(cache)) return cache
  const making = `${cache}.${process.pid}`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(join(making, 'files'), { recursive: true })
  const download = ['download', '-q', 'netfilter-persistent', 'iptables-persistent']
  execFileSync('apt-get', download, { cwd: making, stdio: ['ignore', 'ignore', 'pipe'] })
  for (const name of readdirSync(making).filter(file => file.endsWith('.deb'))) {
    execFileSync('sh', [
      '-c',
      'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --exclude ./lib',
      'sh',
      join(making, name),
      join(making, 'files'),
    ])
  }
  try {
    renameSync(join(making, 'files'), cache)
  } catch (error) {
    if (!existsSync(cache)) throw error
  }
  rmSync(making, { recursive: true, force: true })
  return cache
}
