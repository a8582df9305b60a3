import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printPage } from '../../../../src/report/page/page.ts'
import { makeJournal } from './journal.ts'

/* The page of a run, laid out by a browser that has no network to ask: on a wide screen, on a phone, light and dark. */

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
const folders = (process.env.PATH ?? '').split(delimiter)
const browser = NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(path =>
  existsSync(path),
)
if (browser === undefined)
  process.stderr.write(`skipped: no browser to look at the page with (apt-get install ${NAMES[0]})\n`)

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'))
})
afterAll(() => rm(folder, { recursive: true, maxRetries: 5 }))

/** What a browser made of a page. */
interface Seen {
  readonly wide: number
  readonly high: number
  readonly back: string
  readonly text: string
  readonly rows: number
  readonly bars: number
  readonly images: number
  /** Bars and names that lie outside of the drawing. */
  readonly outside: number
  /** What a script of the page's own has written down. */
  readonly title: string
  /** Images that it has let in. */
  readonly loaded: number
}

/** Runs beside the page, which is in a frame with the policy that it brings, and lets no script of its own run. */
const MEASURE = `
const frame = document.querySelector('iframe')
frame.onload = () => {
  const page = frame.contentDocument
  const all = query => [...page.querySelectorAll(query)]
  const drawing = page.querySelector('.wide > svg').getBoundingClientRect()
  const isOutside = one => { const box = one.getBoundingClientRect()
    return box.left < drawing.left - 1 || box.right > drawing.right + 1 || box.bottom > drawing.bottom + 1 }
  const style = frame.contentWindow.getComputedStyle(page.body)
  document.body.textContent = JSON.stringify({
    wide: page.documentElement.scrollWidth, high: page.documentElement.scrollHeight,
    back: style.backgroundColor, text: style.color,
    rows: all('table tr').length, bars: all('.wide > svg g > rect').length, images: all('img, script').length,
    outside: all('.wide > svg rect, .wide > svg text').filter(isOutside).length, title: page.title, loaded: all('img').filter(one => one.naturalWidth > 0).length })
}
`

/** A document around a page. */
const around = (page: string, width: number) => `<!doctype html>
<meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body { margin: 0; overflow: hidden } iframe { border: 0; display: block; width: ${width}px; height: 900px }</style>
<body><iframe></iframe><script>
${MEASURE}
frame.srcdoc = ${JSON.stringify(page).replaceAll('<', String.raw`\u003c`)}
</script></body>`

const PIXEL = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs='

const run = promisify(execFile)

async function look(page: string, { width = 1200, scheme = 'light' } = {}): Promise<Seen> {
  const file = join(folder, 'page.html')
  await writeFile(file, around(page, width))
  const isRoot = process.getuid?.() === 0
  const flags = [
    '--headless',
    '--disable-gpu',
    '--hide-scrollbars',
    '--no-first-run',
    `--user-data-dir=${join(folder, 'browser')}`,
    `--window-size=${width},900`,
    `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`,
    ...(isRoot ? ['--no-sandbox'] : []),
    '--dump-dom',
    `file://${file}`,
  ]
  // Root can take the network away too.
  const [program, ...args] = isRoot
    ? ['unshare', '--net', browser ?? '', ...flags]
    : [browser ?? '', ...flags]
  const { stdout } = await run(program ?? '', args, { maxBuffer: 1e8 })
  return JSON.parse(/<body>(\{.*?\})/.exec(stdout)?.[1] ?? stdout)
}

const made = (hosts = 48, name?: (at: number) => string) => {
  const { summary, recorded } = makeJournal({ hosts, ...(name ? { name } : {}) })
  return printPage(summary, recorded)
}

describe.skipIf(browser === undefined)('the page in a browser', { timeout: 60_000 }, () => {
  it.each([1200, 500])('fits on a screen that is %i wide', async width => {
    const seen = await look(made(), { width })
    expect(seen).toMatchObject({ wide: width, outside: 0, images: 0 })
    expect(seen.rows).toBeGreaterThan(48)
  })

  it('fits with names that never end', async () => {
    const seen = await look(made(48, at => `${'verylongname'.repeat(12)}<img>${at}.example.com`))
    expect(seen).toMatchObject({ wide: 1200, outside: 0, images: 0 })
  })

  it('lets in no script and no image that came into it: its policy does', async () => {
    const strange = `<img src="${PIXEL}"><script>document.title = 'run'</script></body>`
    const page = made().replace('</body>', strange)
    expect(await look(page)).toMatchObject({ title: expect.stringMatching(/^fleet /), images: 2, loaded: 0 })
    const open = page.replace(/<meta http-equiv[^>]*>/, '')
    expect(await look(open)).toMatchObject({ title: 'run', images: 2, loaded: 1 })
  })

  it('follows the wish for light or dark', async () => {
    const [light, dark] = [await look(made()), await look(made(), { scheme: 'dark' })]
    expect(light).toMatchObject({ back: 'rgb(255, 255, 255)', text: 'rgb(28, 33, 39)' })
    expect(dark).toMatchObject({ back: 'rgb(20, 24, 28)', text: 'rgb(223, 228, 233)' })
  })

  it('of a thousand hosts is no longer than a few screens, and shows as many bars as can be told apart', async () => {
    const seen = await look(made(1000))
    expect(seen).toMatchObject({ wide: 1200, outside: 0 })
    expect(seen.high).toBeLessThan(4000)
    expect(seen.bars).toBeGreaterThan(900)
  })
})
