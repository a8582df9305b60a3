import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Every process whose network namespace is one of these; threads aside. */
export async function processesIn(namespaces: readonly string[]): Promise<readonly number[]> {
  const wanted = await identify(namespaces)
  if (wanted.size === 0) return []
  const pids = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry)).map(Number)
  const found = await Promise.all(pids.map(async pid => wanted.has(await networkOf(pid))))
  return pids.filter((pid, index) => found[index] === true && pid !== process.pid)
}

/** The process that is pid 1 of a pid namespace of its own, among those of a network namespace. */
export async function initOf(namespace: string): Promise<number | undefined> {
  for (const pid of await processesIn([namespace])) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (/^NSpid:\t\d+\t1$/m.test(status)) return pid
  }
  return undefined
}

/** Ends them all and returns when the kernel has let go of the last. */
export async function endProcessesIn(namespaces: readonly string[]): Promise<void> {
  for (;;) {
    const pids = await processesIn(namespaces)
    if (pids.length === 0) return
    for (const pid of pids) kill(pid)
    await sleep(10)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself between the look and the kill.
  }
}

/** /run/netns/NAME is a mount of the namespace's own file, so its inode is the namespace's number. */
async function identify(namespaces: readonly string[]): Promise<ReadonlySet<string>> {
  const inodes = await Promise.all(
    namespaces.map(name =>
      stat(`/run/netns/${name}`).then(
        ({ ino }) => `net:[${ino}]`,
        () => '',
      ),
    ),
  )
  return new Set(inodes.filter(inode => inode !== ''))
}

const networkOf = (pid: number): Promise<string> => readlink(`/proc/${pid}/ns/net`).catch(() => '')
