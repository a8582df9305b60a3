import { FleetError } from '../../model/error.ts'
import type { Connect } from '../../session/session.ts'
import { fail, inconclusive, pass, type Reading } from './gate.ts'

/*
 * Asked on a host: of itself, or as the one that sees what customers see. `timeout` may be missing there, so the
 * connection has a deadline too.
 */

const TCP = `command -v bash >/dev/null || exit 127; timeout "$4" bash -c ': </dev/tcp/"$0"/"$1"' "$2" "$3" 2>&1`
/*
 * As asked from here: the first answer counts, so a redirect passes and isn't followed, and there is no proxy. The
 * status alone says it: a long page may be cut off. BusyBox's wget can't but follow; what came first still counts.
 */
const HTTP = [
  'unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY;',
  'if command -v curl >/dev/null; then',
  'said=$(curl -q -gsS -o /dev/null -w "HTTP/1 %{http_code} " -m "$3" "$2" 2>&1);',
  'elif command -v wget >/dev/null; then',
  'only=; if wget --help 2>&1 | grep -q max-redirect; then only="--max-redirect=0 -t 1"; fi;',
  'said=$(timeout "$3" wget $only -S -O /dev/null "$2" 2>&1);',
  'else exit 127; fi; code=$?;',
  String.raw`status=$(printf "%s\n" "$said" | sed -n "s|^ *HTTP/[0-9.]* \([1-9][0-9][0-9]\).*|\1|p" | head -n 1);`,
  'case "$status" in [123]*) exit 0;; ?*) echo "$status"; exit 22;; esac;',
  String.raw`printf "%s\n" "$said" | sed "s|HTTP/1 000 *||" | grep -Eim1 "curl:|error|failed|can.t"; exit "$code"`,
].join(' ')
const COMMAND = `timeout "$3" /bin/sh -c "$2" 2>&1`

export const askTcpFrom = (connect: Connect, address: string, port: number, timeout: number) =>
  ask(connect, TCP, [address, String(port), seconds(timeout)], timeout)

export const askHttpFrom = (connect: Connect, url: string, timeout: number) =>
  ask(connect, HTTP, [url, seconds(timeout)], timeout)

export const askCommand = (connect: Connect, command: string, timeout: number) =>
  ask(connect, COMMAND, [command, seconds(timeout)], timeout)

const seconds = (timeout: number) => String(Math.max(1, Math.ceil(timeout / 1000)))

/** Whoever can't be asked says nothing of the one it was asked about. */
async function ask(
  connect: Connect,
  script: string,
  args: readonly string[],
  timeout: number,
): Promise<Reading> {
  try {
    const session = await connect()
    try {
      const { code, stdout } = await session.run({ script, args, timeout: timeout + 5000, maxOutput: 65_536 })
      return judge(code, stdout)
    } finally {
      await session.close()
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return inconclusive(error.code)
  }
}

function judge(code: number | null, output: string): Reading {
  if (code === 0) return pass
  const said = output.trim().split('\n')[0]?.slice(0, 200) ?? ''
  if (code === null) return inconclusive('it ended without an exit code')
  if (code === 127) return inconclusive(said || 'a program that it needs is missing')
  return fail(code === 124 ? 'no answer in time' : `exit code ${code}${said ? `: ${said}` : ''}`)
}
