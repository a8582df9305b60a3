import { defineConfig, type Plugin } from 'rolldown'

const AT_ONCE = 'const segmenter = new Intl.Segmenter();'
const WHEN_ASKED =
  'let own; const segmenter = { segment: text => (own ??= new Intl.Segmenter()).segment(text) };'

/** The tables by which characters are told apart take 10 ms to load: only the help needs them, and a terminal's progress. */
const segmentLater: Plugin = {
  name: 'segment-later',
  transform: code => (code.includes(AT_ONCE) ? code.replace(AT_ONCE, WHEN_ASKED) : null),
}

/**
 * Few files instead of five hundred: a command starts in little more than half the time. A chunk lies one folder below
 * `dist`, as its source does below `src`, so that what ships beside the program is found from both. ssh2 stays a package:
 * it has native code, and looks for things beside its own files.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  external: ['ssh2'],
  plugins: [segmentLater],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name]-[hash].js', cleanDir: true },
})
