import { DefaultRenderer, Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput, Spinner } from 'listr2'
import { columnsOf, type Stream } from './view.ts'

/**
 * listr2 looks at standard output to see whether there is a terminal and how wide it is; whoever opens a line has
 * looked at his own stream, and what is too long is wrapped by its width later.
 */
class OwnTerminal extends DefaultRenderer {
  static override nonTTY = true

  protected override format(message: string, icon: string, level: number): string[] {
    const start = icon ? `${icon} ` : ''
    return message.split('\n').map((line, at) => `${'  '.repeat(level)}${at === 0 ? start : ''}${line}`)
  }
}

/** Turns when the line is drawn, not by a timer of its own: that would double the redraws. */
class HandSpinner extends Spinner {
  override start(): void {}
}

type Task = ListrTaskWrapper<unknown, typeof OwnTerminal, typeof OwnTerminal>

/**
 * One listr2 task whose title is redrawn. (A task a host would cost listr2 minutes for 500 of them.)
 * Interrupts are left to the program: listr2 would end the process, with hosts in flight.
 */
export class RedrawnLine {
  readonly #spinner = new HandSpinner()
  readonly #run: Promise<unknown>
  readonly #started: Promise<Task>
  #task: Task | undefined
  #finish: (failed: boolean) => void = () => {}

  constructor(stream: Stream, title: string) {
    const finished = new Promise<boolean>(resolve => {
      this.#finish = resolve
    })
    let start: (task: Task) => void = () => {}
    this.#started = new Promise(resolve => {
      start = resolve
    })
    const task = async (_: unknown, task: Task) => {
      this.#task = task
      start(task)
      if (await finished) throw new Error(task.title)
    }
    const own = ownStream(stream)
    const logger = new ListrLogger<never>({ useIcons: true, processOutput: new ProcessOutput(own, own) })
    this.#run = new Listr([{ title, task }], {
      renderer: OwnTerminal,
      rendererOptions: { logger, spinner: this.#spinner },
      exitOnError: false,
      registerSignalListeners: false,
    }).run()
  }

  /** The first line is the task's own. (An output of listr2's can't be taken away again.) */
  draw(lines: readonly string[]): void {
    if (!this.#task) return
    this.#spinner.spin()
    this.#task.title = lines.join('\n  ')
  }

  /** Leaves the line with its last title, marked as good or bad. */
  async end(title: string, failed: boolean): Promise<void> {
    const task = await this.#started
    task.title = title
    this.#finish(failed)
    await this.#run
  }
}

/** listr2 takes over the `write` of its stream: an error that ends the program must still come through on the real one. */
function ownStream(stream: Stream): Stream {
  const own: Stream = Object.create(stream)
  const size = { columns: columnsOf(stream), rows: stream.rows || 24 }
  return Object.assign(own, { ...size, write: stream.write.bind(stream) })
}
