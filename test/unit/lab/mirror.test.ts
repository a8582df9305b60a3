import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { archiveOf } from '../../../src/lab/mirror.ts'

let etc: string
beforeEach(async () => {
  etc = await mkdtemp(join(tmpdir(), 'fleet-apt-'))
  await mkdir(join(etc, 'sources.list.d'))
})
afterEach(async () => await rm(etc, { recursive: true }))

const write = (path: string, text: string) => writeFile(join(etc, path), text)

describe('archiveOf', () => {
  it('takes the mirror from the format of one line, options and a commented line aside', async () => {
    await write(
      'sources.list',
      '# deb http://old.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main\n',
    )
    expect((await archiveOf('debian', etc))?.mirror).toBe('http://mirror.example/debian/')
  })

  it('takes the mirror from a deb822 file, and leaves other archives alone', async () => {
    await write(
      'sources.list.d/a.sources',
      'Types: deb\nURIs: http://deb.example/debian-security\nSuites: x\n\nTypes: deb\nURIs: http://deb.example/debian\nSuites: bookworm\n',
    )
    expect((await archiveOf('debian', etc))?.mirror).toBe('http://deb.example/debian')
    expect((await archiveOf('ubuntu', etc))?.mirror).toBe('http://archive.ubuntu.com/ubuntu')
  })

  it('falls back to the official mirror, and knows no other distribution', async () => {
    expect((await archiveOf('debian', join(etc, 'nowhere')))?.mirror).toBe('http://deb.debian.org/debian')
    expect(await archiveOf('alpine', etc)).toBeUndefined()
  })
})
