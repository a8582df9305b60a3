import { describe, expect, it } from 'vitest'
import { type AppendFile, GroupCommit } from '../../../src/journal/group-commit.ts'

/** A disk with room for so many bytes, that writes down what is asked of it. */
class Disk implements AppendFile {
  content = ''
  room = Number.POSITIVE_INFINITY
  syncs = 0
  syncedContent = ''
  isClosed = false

  async appendFile(text: string) {
    const fits = text.slice(0, Math.max(0, this.room - this.content.length))
    this.content += fits
    if (fits.length < text.length) throw new Error('ENOSPC: no space left on device, write')
  }

  async datasync() {
    this.syncs++
    this.syncedContent = this.content
  }

  async truncate(length: number) {
    this.content = this.content.slice(0, length)
  }

  async close() {
    this.isClosed = true
  }
}

const open = (disk = new Disk()) => ({ disk, commit: new GroupCommit(disk) })

describe('lines appended at once', () => {
  it('share one sync and keep their order', async () => {
    const { disk, commit } = open()
    const lines = Array.from({ length: 500 }, (_, at) => `${at}\n`)
    await Promise.all(lines.map(line => commit.add(line, true)))
    expect(disk.content).toBe(lines.join(''))
    expect(disk.syncs).toBe(1)
  })

  it('that come in while the disk is busy share the next one', async () => {
    const { disk, commit } = open()
    let done: () => void = () => {}
    disk.datasync = () => {
      disk.syncs++
      return disk.syncs === 1 ? new Promise(resolve => (done = resolve)) : Promise.resolve()
    }
    const first = commit.add('1\n', true)
    await expect.poll(() => disk.syncs).toBe(1)
    const rest = ['2\n', '3\n', '4\n'].map(line => commit.add(line, true))
    done()
    await Promise.all([first, ...rest])
    expect(disk.syncs).toBe(2)
  })

  it('are on the disk when they resolve', async () => {
    const { disk, commit } = open()
    await commit.add('a\n', true)
    expect(disk.syncedContent).toBe('a\n')
  })

  it('that nobody waits for need no sync', async () => {
    const { disk, commit } = open()
    await commit.add('a\n', false)
    expect([disk.content, disk.syncs]).toEqual(['a\n', 0])
  })
})

describe('a full disk', () => {
  it('is told, and leaves no half line', async () => {
    const { disk, commit } = open()
    await commit.add('first\n', true)
    disk.room = 9
    await expect(commit.add('second\n', true)).rejects.toThrow('ENOSPC')
    expect(disk.content).toBe('first\n')
  })

  it('gets what it refused once it has room, each line once', async () => {
    const { disk, commit } = open()
    disk.room = 3
    await expect(commit.add('first\n', false)).rejects.toThrow('ENOSPC')
    disk.room = 100
    await commit.add('second\n', true)
    expect(disk.content).toBe('first\nsecond\n')
  })

  it('does not keep the file open', async () => {
    const { disk, commit } = open()
    disk.room = 0
    await expect(commit.add('a\n', true)).rejects.toThrow('ENOSPC')
    await expect(commit.close()).rejects.toThrow('ENOSPC')
    expect(disk.isClosed).toBe(true)
  })
})

it('closing writes and syncs what is left', async () => {
  const { disk, commit } = open()
  const added = commit.add('a\n', false)
  await commit.close()
  await added
  expect([disk.syncedContent, disk.isClosed]).toEqual(['a\n', true])
})
