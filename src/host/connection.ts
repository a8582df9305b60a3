import type { Session } from '../session/session.ts'

/** `SSH_CONNECTION`, as sshd has told it to this session; '' where it hasn't. Nothing is stored on the host. */
export async function readConnection(session: Session): Promise<string> {
  const { code, stdout } = await session.run({ script: `printf %s "$1"`, timeout: 60_000 })
  return code === 0 ? stdout : ''
}
