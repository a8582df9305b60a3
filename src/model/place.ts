/** Where something was written: a file as the user would name it, and a line counted from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
}
