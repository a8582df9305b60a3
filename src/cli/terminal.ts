/** Whether a person is at the other end. Node leaves `isTTY` out where there is none, whatever its types say. */
export const isTerminal = (stream: { readonly isTTY?: boolean }): boolean => stream.isTTY ?? false
