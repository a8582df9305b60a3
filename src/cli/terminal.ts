interface Stream {
  readonly isTTY?: boolean
}

/** Whether a person is at the other end. Node leaves `isTTY` out where there is none, whatever its types say. */
export const isTerminal = (stream: Stream): boolean => stream.isTTY ?? false

/** NO_COLOR: see https://no-color.org */
export const hasColor = (stream: Stream): boolean => isTerminal(stream) && !process.env.NO_COLOR
