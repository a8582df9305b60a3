import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { leftovers } from '../../../src/lab/leftovers.ts'
import { labUsers, readAccounts } from '../../../src/lab/users.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fleet-root-'))
})
afterEach(async () => await rm(root, { recursive: true }))

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

describe('leftovers', () => {
  it("takes a firewall's package out of a root with its files, and no folder that others use", async () => {
    await write(
      'var/lib/dpkg/status',
      'Package: bash\nStatus: install ok installed\n\nPackage: ufw\nStatus: install ok installed\n\nPackage: zlib\nStatus: x\n',
    )
    await write(
      'var/lib/dpkg/info/ufw.list',
      '/.\n/etc\n/etc/ufw\n/etc/ufw/ufw.conf\n/usr\n/usr/sbin\n/usr/sbin/ufw\n',
    )
    const { absent, files } = await leftovers(root)
    expect(absent).toEqual(
      expect.arrayContaining(['etc/ufw/ufw.conf', 'usr/sbin/ufw', 'var/lib/dpkg/info/ufw.list']),
    )
    expect(absent).not.toContain('etc')
    expect(absent).not.toContain('usr/sbin')
    expect(files).toEqual([
      {
        path: 'var/lib/dpkg/status',
        text: 'Package: bash\nStatus: install ok installed\n\nPackage: zlib\nStatus: x\n',
      },
    ])
  })

  it('changes nothing in a root without one', async () => {
    await write('var/lib/dpkg/status', 'Package: bash\nStatus: install ok installed\n')
    expect(await leftovers(root)).toEqual({ absent: [], files: [] })
  })
})

describe('readAccounts', () => {
  it("adds the lab's users to the root's own, in place of users of the same name", async () => {
    await write('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\noperator:x:5:5::/x:/bin/false\n')
    await write('etc/shadow', 'root:*:1::::::\noperator:!:1::::::\n')
    const { passwd, shadow, sudoers } = await readAccounts(root, labUsers(['deploy', 'root']))
    expect(passwd.match(/^\w+/gm)).toEqual(['root', 'operator', 'keeper', 'nosudo', 'deploy'])
    expect(passwd).toContain('operator:x:1990:100:lab:/home/operator:/bin/bash\n')
    expect(shadow).toContain('operator:*:')
    expect(sudoers.match(/^(operator|keeper|nosudo|deploy) .*$/gm)).toEqual([
      'operator ALL=(ALL:ALL) NOPASSWD: ALL',
      'keeper ALL=(ALL:ALL) ALL',
      'deploy ALL=(ALL:ALL) NOPASSWD: ALL',
    ])
  })
})
