import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { FleetError } from '../model/error.ts'

/** What a command answered; `code` is 128 + n where a signal n ended it, as a shell would say. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
}

/** Runs a program of this machine to its end. A program that isn't there rejects with `lab-missing-tool`. */
export async function runCommand(argv: readonly string[], stdin = ''): Promise<CommandResult> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', cause =>
      reject(new FleetError('lab-missing-tool', { tool: program, package: '' }, { cause })),
    )
    child.once('close', (code, signal) => resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? 0)))
  })
  // A program that ends without reading its input is no fault of ours: its exit code tells.
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

/** The same, for commands that must succeed; anything else throws `lab-command-failed`. */
export async function mustRun(argv: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, stdin)
  if (code === 0) return stdout
  const said = (stderr.trim() || stdout.trim()).slice(-2000)
  throw new FleetError('lab-command-failed', { command: argv.join(' ').slice(0, 300), exit: code, said })
}
