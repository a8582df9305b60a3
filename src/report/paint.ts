const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const

export type Tone = keyof typeof CODES | 'none'
export type Paint = (tone: Tone, text: string) => string

/** Colours for a terminal, each line by itself; none at all where `color` is false. */
export function painter(color: boolean): Paint {
  if (!color) return (_, text) => text
  return (tone, text) =>
    tone === 'none' ? text : text.replaceAll(/.+/g, `\u001b[${CODES[tone]}m$&\u001b[0m`)
}
