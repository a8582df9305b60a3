import { type FileHandle, open } from 'node:fs/promises'
import { FleetError } from '../model/error.ts'
import { parseLine, type Recorded } from './replay.ts'

/** A journal that somebody else writes. */
export interface Tail {
  /** What came since the last time. A line without its end comes when it is whole. */
  read(): Promise<readonly Recorded[]>
  close(): Promise<void>
}

/** Error: `journal-missing`. */
export async function openTail(file: string): Promise<Tail> {
  const handle = await open(file).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FleetError('journal-missing', { reason }, { at: { file }, cause })
  })
  let offset = 0
  return {
    read: async () => {
      const lines = await linesFrom(handle, offset)
      offset += lines.length
      return lines
        .toString()
        .split('\n')
        .flatMap(line => parseLine(line) ?? [])
    },
    close: () => handle.close(),
  }
}

/** The whole lines behind an offset. Whoever resumes a run cuts off what lies behind the last of them. */
async function linesFrom(handle: FileHandle, offset: number): Promise<Buffer> {
  const { size } = await handle.stat()
  if (size <= offset) return Buffer.alloc(0)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - offset), 0, size - offset, offset)
  return buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1)
}
