import { createPrivateKey, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'
import { FleetError } from '../model/error.ts'

/** A private key file. `key` is missing where it is encrypted; its public half may still be known. */
export interface KeyFile {
  readonly file: string
  readonly publicKey: Buffer | undefined
  readonly key: ParsedKey | undefined
}

/** Errors, `unreachable`: `key-unreadable`, `key-bad`. */
export async function readKey(file: string): Promise<KeyFile> {
  const text = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw keyError('key-unreadable', file, cause.code ?? String(cause), cause)
  })
  const parsed = ssh2.utils.parseKey(text)
  if (!(parsed instanceof Error)) {
    const [key] = [parsed].flat()
    if (!key?.isPrivateKey()) throw keyError('key-bad', file, 'it holds a public key')
    return { file, key: readOnce(key), publicKey: key.getPublicSSH() }
  }
  if (!/encrypted/i.test(parsed.message)) throw keyError('key-bad', file, parsed.message, parsed)
  return { file, key: undefined, publicKey: await publicHalf(text, file) }
}

/** ssh2 gives a key to OpenSSL as PEM for each signature: to read that takes ten times as long as to sign. */
function readOnce(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-ed25519') return key
  const secret = createPrivateKey(key.getPrivatePEM())
  return Object.assign(key, { sign: (data: Buffer | string) => sign(null, Buffer.from(data), secret) })
}

const keyError = (code: string, file: string, reason: string, cause?: unknown) =>
  new FleetError(code, { file, reason }, { hostState: 'unreachable', cause })

/** An encrypted key in OpenSSH's format (PROTOCOL.key) names its public half in the clear; older ones have a .pub beside. */
async function publicHalf(text: Buffer, file: string): Promise<Buffer | undefined> {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)/.exec(text.toString('latin1'))?.[1]
  if (body) return publicInside(Buffer.from(body, 'base64'))
  const beside = await readFile(`${file}.pub`, 'utf8').catch(() => '')
  const blob = beside.trim().split(/\s+/)[1]
  return blob === undefined ? undefined : Buffer.from(blob, 'base64')
}

/** After the magic and its NUL: cipher, kdf and its options (strings), the number of keys, the first public key. */
function publicInside(blob: Buffer): Buffer | undefined {
  let at = 'openssh-key-v1\0'.length
  for (let skipped = 0; skipped < 3; skipped += 1) at += 4 + blob.readUInt32BE(at)
  at += 4
  return blob.subarray(at + 4, at + 4 + blob.readUInt32BE(at))
}
