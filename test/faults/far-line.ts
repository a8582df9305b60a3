import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../../src/lab/command.ts'
import type { Lab } from '../../src/lab/lab.ts'

/** Of a direction: seconds, a share of the frames, bits a second. */
export interface Shape {
  readonly delay?: number
  readonly loss?: number
  readonly rate?: number
}

/** To the host, and back to the controller. Where none is named, both are meant. */
type Direction = 'out' | 'back'
const BOTH: readonly Direction[] = ['out', 'back']

const PROGRAM = fileURLToPath(new URL('far-line.py', import.meta.url))

/**
 * A host's cable, led through a program that makes it far, slow, lossy or cut, as `tc netem` does where a kernel has
 * it. It ends with its lab, or with the process that made it.
 */
export class FarLine {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>

  private constructor(child: ChildProcess) {
    if (!child.stdout) throw new Error('the line was started without pipes')
    this.#child = child
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** From here on the host hangs from this line, which is as good as its cable until it is shaped. */
  static async to(lab: Lab, name: string, shape?: Shape, seed = 1): Promise<FarLine> {
    const cable = `host${lab.hosts.indexOf(lab.host(name))}`
    const [far, plug] = [`far-${cable}`, `plug-${cable}`]
    // The controller's kernel must not answer on the line's own ends.
    const quiet = 'arp off addrgenmode none up'
    const lines = [
      `link add ${plug} type veth peer name ${far}`,
      `link set ${cable} nomaster`,
      `link set ${cable} ${quiet}`,
      `link set ${far} ${quiet}`,
      `link set ${plug} addrgenmode none master br0 up`,
    ]
    const python = ['python3', PROGRAM]
    await mustRun(['ip', '-n', lab.controller, '-batch', '-'], `${lines.join('\n')}\n`)
    await mustRun(['ip', 'netns', 'exec', lab.host(name).namespace, ...python, 'plain', 'eth0'])
    await mustRun(['ip', 'netns', 'exec', lab.controller, ...python, 'plain', plug])
    const child = lab.spawn([...python, far, cable, String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] })
    const line = new FarLine(child)
    await line.#answer()
    if (shape) await line.shape(shape)
    return line
  }

  /** `{}` is as good as a cable. */
  async shape(shape: Shape, ...directions: readonly Direction[]): Promise<void> {
    await this.#say(
      Object.entries(shape).map(([key, value]) => `${key}=${value}`),
      directions,
    )
  }

  /** What is on its way is lost, and whatever is sent from now on. */
  async cut(...directions: readonly Direction[]): Promise<void> {
    await this.#say(['cut'], directions)
  }

  async #say(words: readonly string[], directions: readonly Direction[]): Promise<void> {
    for (const one of directions.length > 0 ? directions : BOTH) {
      this.#child.stdin?.write(`${[one, ...words].join(' ')}\n`)
      await this.#answer()
    }
  }

  async #answer(): Promise<void> {
    const { value } = await this.#answers.next()
    if (value !== 'ok') throw new Error(`the line said: ${String(value)}`)
  }
}
