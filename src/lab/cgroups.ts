import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists } from './cache.ts'
import { runCommand } from './command.ts'

/** Where systemd's cgroups hang: the old tree and the new one beside it, or the new one alone. */
const TREES = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup']
const TRIES = 100

/**
 * Removes the cgroups of hosts that have ended, from the leaves up as the kernel wants it. A process that was
 * killed keeps its cgroup until somebody has asked for its exit code, so this is tried for a second.
 */
export async function removeCgroups(names: readonly string[]): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const paths = await existing(TREES.flatMap(tree => names.map(name => join(tree, name))))
    if (paths.length === 0) return
    await runCommand(['find', ...paths, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'])
    if (tries > 0) await sleep(10)
  }
}

async function existing(paths: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(paths.map(exists))
  return paths.filter((_, index) => there[index])
}
