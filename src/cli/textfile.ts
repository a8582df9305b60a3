import { randomBytes } from 'node:crypto'
import { access, constants, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FleetError } from '../model/error.ts'

/** Before anybody is contacted. Error: `textfile-unwritable`. */
export async function checkTextfile(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK)
  } catch (error) {
    throw unwritable(file, error)
  }
}

/**
 * Writes a file that is read at any moment: it is there whole, or as it was. Readable by all, since the collector is
 * another user. Its draft has a name that no collector reads. Error: `textfile-unwritable`.
 */
export async function writeTextfile(file: string, text: string): Promise<void> {
  const folder = dirname(resolve(file))
  const draft = join(folder, `.${basename(file)}.${randomBytes(4).toString('hex')}`)
  try {
    const handle = await open(draft, 'wx', 0o644)
    try {
      await handle.chmod(0o644)
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw unwritable(file, error)
  }
}

function unwritable(file: string, cause: unknown): FleetError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FleetError('textfile-unwritable', { reason }, { at: { file }, cause })
}
