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

/** What a browser made of a page. The page itself lets no script run: this one is for measuring it. */
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
}

const MEASURE = `<script>
const all = query => [...document.querySelectorAll(query)]
const drawing = document.querySelector('.wide > svg').getBoundingClientRect()
const isOutside = one => { const box = one.getBoundingClientRect()
  return box.left < drawing.left - 1 || box.right > drawing.right + 1 || box.bottom > drawing.bottom + 1 }
document.body.textContent = JSON.stringify({
  wide: document.documentElement.scrollWidth, high: document.documentElement.scrollHeight,
  back: getComputedStyle(document.body).backgroundColor, text: getComputedStyle(document.body).color,
  rows: all('table tr').length, bars: all('.wide > svg g > rect').length, images: all('img, script:not(:last-of-type)').length,
  outside: all('.wide > svg rect, .wide > svg text').filter(isOutside).length })
</script>`

const run = promisify(execFile)

async function look(page: string, { width = 1200, scheme = 'light' } = {}): Promise<Seen> {
  const file = join(folder, 'page.html')
  const measured = page.replace(/<meta http-equiv[^>]*>/, '').replace('</body>', `${MEASURE}</body>`)
  await writeFile(file, measured)
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
