import { describe, expect, it } from 'vitest'
import { printPage } from '../../../../src/report/page/page.ts'
import { finding } from '../../events.ts'
import { type Made, makeJournal } from './journal.ts'

const pageOf = (made?: Made) => {
  const { summary, recorded } = makeJournal(made)
  return printPage(summary, recorded)
}
const headings = (page: string) => [...page.matchAll(/<h[12]>(.*?)<\/h/g)].map(([, text]) => text)
const textOf = (page: string) => page.replaceAll(/<style>.*?<\/style>/gs, '').replaceAll(/<[^>]*>/g, ' ')

describe('the page of a run', () => {
  it('says what failed first', () => {
    const page = pageOf()
    expect(headings(page)).toEqual([
      '5 of 48 hosts failed',
      'What failed',
      'Stages and hosts',
      'What changed',
      'Gates',
      'All hosts',
    ])
    const text = textOf(page)
    expect(text).toContain('The rollout ended early: At least one host failed, and none may.')
    expect(text.indexOf('2 hosts: unreachable')).toBeLessThan(text.indexOf('3 hosts: reverted'))
    expect(text).toContain('run it again with -l web46,web47,web48.')
    expect(text).toMatch(/from probe1\s+42 passed\s+39 passed\s+3 failed/s)
  })

  it('shows what changed once for all hosts with the same change, and where it comes from', () => {
    const page = pageOf()
    expect(page.match(/<details class="change"/g)).toHaveLength(2)
    expect(page).toContain('templates/web.hbs:12')
    expect(page).toContain('<del>- -A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT</del>')
  })

  it('says in a line that all is well', () => {
    const { summary, recorded } = makeJournal({ bad: 0 })
    const well = recorded.filter(({ event }) => !('host' in event) || !['web1', 'web2'].includes(event.host))
    const page = printPage({ ...summary, hosts: 46 }, well)
    expect(headings(page)[0]).toBe('46 hosts: done')
    expect(page).not.toContain('What failed')
  })

  it('never says done of one that ended early with all hosts well', () => {
    const { summary, recorded } = makeJournal({ bad: 0 })
    const well = recorded.filter(({ event }) => !('host' in event) || !['web1', 'web2'].includes(event.host))
    const early = (code: string) =>
      printPage({ ...summary, hosts: 46, why: { code, severity: 'error', args: { host: '' } } }, well)
    expect(headings(early('gate-fail'))[0]).toBe('The rollout ended early')
    expect(headings(early('stopped'))[0]).toBe('The run was stopped')
  })

  it('calls a host failed that persisted and did not pass a later look', () => {
    const { summary, recorded } = makeJournal({ bad: 0 })
    const why = finding('lost-again')
    const lost = { at: summary.since, event: { type: 'host-checked', host: 'web9', finding: why } } as const
    const page = printPage(summary, [...recorded, lost])
    expect(headings(page)[0]).toBe('3 of 48 hosts failed')
    expect(textOf(page)).toContain('when it was looked at again, it did not answer')
  })

  it('is made also of a run that came to nothing', () => {
    const { summary, recorded } = makeJournal()
    const page = printPage({ ...summary, is: 'died', states: {} }, recorded.slice(0, 1))
    expect(headings(page)[0]).toBe('This run died')
    expect(textOf(page)).toContain('No host was changed.')
  })

  it('draws a bar for each host, and for a thousand and more as many as can be seen', () => {
    const bars = (page: string) => page.match(/<rect class="(?:good|back)"[^>]* y="/g)?.length ?? 0
    expect(bars(pageOf())).toBe(42)
    expect(bars(pageOf({ hosts: 10_000, bad: 300 }))).toBeLessThanOrEqual(605)
  })

  it('lets nothing that a host or a file said be more than text', () => {
    const evil = `<img src=x onerror=alert(1)>"'&\u001b[2J\u202e`
    const page = pageOf({ name: at => `${evil}${at}` })
    expect(['<img', '\u001b', '\u202e'].filter(one => page.includes(one))).toEqual([])
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
    expect(page).toContain('&quot;https for &lt;all&gt; &amp; more&quot;')
  })

  it('asks nobody for anything', () => {
    const page = pageOf()
    expect(page).not.toMatch(/<script|<link|<iframe|<object|\b(?:src|href|srcset|action)=|url\(|@import/i)
    expect(page).toContain("default-src 'none'")
  })

  it('of a thousand hosts is less than 3 MB, whatever changes', () => {
    const { summary, recorded } = makeJournal({ hosts: 1000, bad: 400 })
    const line = {
      family: 4,
      table: 'filter',
      chain: 'INPUT',
      kind: '+',
      text: `-A INPUT ${'x'.repeat(120)}`,
    } as const
    const own = Array.from({ length: 200 }, (_, at) => ({
      at: summary.since,
      event: {
        type: 'change-planned',
        hosts: [`web${at}`],
        diff: Array.from({ length: 400 }, () => line),
      } as const,
    }))
    const others = recorded.filter(({ event }) => event.type !== 'change-planned')
    const page = printPage(summary, [...others, ...own])
    expect(page.length).toBeLessThan(3_000_000)
    expect(/974 hosts with changes of their own that aren't shown here/.test(page)).toBe(true)
  })
})
