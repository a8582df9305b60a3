import { setImmediate as turn } from 'node:timers/promises'

/** What of a file handle is needed. */
export interface AppendFile {
  appendFile(text: string): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

interface Entry {
  readonly line: string
  readonly sync: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Appends lines in their order. All that come in while the disk is busy share the next write and the next sync, so
 * five hundred hosts at once cost a few syncs. Lines that the disk doesn't take are kept and tried again with the next.
 */
export class GroupCommit {
  readonly #file: AppendFile
  #waiting: Entry[] = []
  #busy = false
  /** Bytes that are whole lines. */
  #length: number
  #unwritten = ''

  /** `length`: bytes that are in the file already. */
  constructor(file: AppendFile, length = 0) {
    this.#file = file
    this.#length = length
  }

  /** Resolves when the line is written, and with `sync` when it is on the disk. Rejects if it isn't there yet. */
  add(line: string, sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, sync, resolve, reject })
      if (!this.#busy) void this.#drain()
    })
  }

  async close(): Promise<void> {
    try {
      await this.add('', true)
    } finally {
      await this.#file.close()
    }
  }

  async #drain(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      // Those that append in the same turn of the loop are to share the write.
      await turn()
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#write(batch.map(({ line }) => line).join(''))
        if (batch.some(({ sync }) => sync)) await this.#file.datasync()
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#busy = false
  }

  async #write(lines: string): Promise<void> {
    const text = this.#unwritten + lines
    this.#unwritten = text
    if (text === '') return
    try {
      await this.#file.appendFile(text)
    } catch (error) {
      // A full disk may have taken half a line.
      await this.#file.truncate(this.#length).catch(() => {})
      throw error
    }
    this.#length += Buffer.byteLength(text)
    this.#unwritten = ''
  }
}
