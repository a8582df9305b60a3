import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Who can log in on a lab's hosts besides root; all with the lab's key. */
export interface LabUser {
  readonly name: string
  readonly sudo: 'free' | 'password' | 'none'
}

/** What `keeper` types for sudo. */
export const KEEPER_PASSWORD = 'lab-password'
const KEEPER_HASH =
  '$6$cK5hFyvC9tdw1cku$mRafqqs/VPkIz/1NUqwM5WQChEYA1nE4gaPSH7SFtM5f8Gny8Dx1Tw7.uI2KudoCKJ9u423f8FIMeLfTRisWd/'
const FIRST_UID = 1990
/** The group `users`, which every Debian has. */
const GID = 100

export const labUsers = (more: readonly string[] = []): readonly LabUser[] => [
  { name: 'operator', sudo: 'free' },
  { name: 'keeper', sudo: 'password' },
  { name: 'nosudo', sudo: 'none' },
  ...more.filter(name => name !== 'root').map(name => ({ name, sudo: 'free' as const })),
]

export interface Accounts {
  readonly passwd: string
  readonly shadow: string
  readonly sudoers: string
}

/** The account files of a root with the lab's users added; users of the same names give way. */
export async function readAccounts(root: string, users: readonly LabUser[]): Promise<Accounts> {
  const names = new Set(users.map(({ name }) => name))
  const [passwd, shadow] = await Promise.all(
    ['etc/passwd', 'etc/shadow'].map(async file => without(await readFile(join(root, file), 'utf8'), names)),
  )
  const passwdLines = users.map(
    ({ name }, index) => `${name}:x:${FIRST_UID + index}:${GID}:lab:/home/${name}:/bin/bash\n`,
  )
  // `*` and not `!`: sshd takes an account with `!` for locked and refuses its key.
  const shadowLines = users.map(
    ({ name, sudo }) => `${name}:${sudo === 'password' ? KEEPER_HASH : '*'}:19000:0:99999:7:::\n`,
  )
  return {
    passwd: passwd + passwdLines.join(''),
    shadow: shadow + shadowLines.join(''),
    sudoers: sudoers(users),
  }
}

export const uidOf = (users: readonly LabUser[], name: string): number =>
  FIRST_UID + users.findIndex(user => user.name === name)
export const USERS_GID = GID

function sudoers(users: readonly LabUser[]): string {
  const lines = users
    .filter(({ sudo }) => sudo !== 'none')
    .map(({ name, sudo }) => `${name} ALL=(ALL:ALL) ${sudo === 'free' ? 'NOPASSWD: ' : ''}ALL`)
  return [
    'Defaults env_reset',
    'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    'root ALL=(ALL:ALL) ALL',
    ...lines,
    '',
  ].join('\n')
}

const without = (file: string, names: ReadonlySet<string>): string =>
  file
    .split('\n')
    .filter(line => line !== '' && !names.has(line.split(':')[0] ?? ''))
    .map(line => `${line}\n`)
    .join('')
