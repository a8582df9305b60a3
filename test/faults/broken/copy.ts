import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Break } from './break.ts'
import { judge, type Report, type Verdict } from './verdict.ts'

const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'node_modules', 'dist', 'build', 'coverage'])

/** Milliseconds. */
const LIMIT = 400_000

/** A copy of the work tree that things are broken in, one after the other. */
export class Copy {
  readonly #folder: string
  #running: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async of(tree: string): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-broken-'))
    await cp(tree, folder, { recursive: true, filter: path => !LEFT_OUT.has(basename(path)) })
    await symlink(resolve(tree, 'node_modules'), join(folder, 'node_modules'))
    return new Copy(folder)
  }

  /** Breaks, builds, runs the one scenario, and mends. */
  async try({ file, from, to, red, says }: Break): Promise<Verdict> {
    const path = join(this.#folder, 'src', file)
    const whole = await readFile(path, 'utf8')
    await writeFile(
      path,
      whole.replace(from, () => to),
    )
    try {
      return await this.#look(red, says)
    } finally {
      await writeFile(path, whole)
    }
  }

  /** Runs a scenario with nothing broken. */
  tryWhole({ red }: Break): Promise<Verdict> {
    return this.#look(red, undefined)
  }

  /** Ends what is running, and takes the copy away; at once, since it may be the last that this process does. */
  remove(): void {
    this.#running?.kill('SIGTERM')
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #look([file, scenario]: Break['red'], says: RegExp | undefined): Promise<Verdict> {
    const began = performance.now()
    const built = await this.#run('npm', ['run', '--silent', 'build'])
    const seconds = () => (performance.now() - began) / 1000
    if (built.code !== 0)
      return { is: 'another error', said: `it does not build: ${built.said}`, seconds: seconds() }
    const report = join(this.#folder, 'report.json')
    await rm(report, { force: true })
    const pattern = scenario.replaceAll(/[^\w\s]/g, String.raw`\$&`)
    const asJson = ['--reporter=json', `--outputFile=${report}`]
    await this.#run(join(this.#folder, 'node_modules/.bin/vitest'), [
      'run',
      `test/${file}`,
      '-t',
      pattern,
      ...asJson,
    ])
    return judge(await readReport(report), seconds(), says)
  }

  /** A test may have ten minutes, and one that is broken may never end. */
  #run(command: string, args: readonly string[]): Promise<{ code: number | null; said: string }> {
    const env = { ...process.env, FLEET_TEST_RUN: `${process.env.FLEET_TEST_RUN ?? ''}broken-` }
    const child = spawn(command, args, {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT,
    })
    this.#running = child
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    return new Promise((settle, reject) => {
      child.once('error', reject).once('close', code => settle({ code, said }))
    })
  }
}

const readReport = async (path: string): Promise<Report | undefined> =>
  existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined
