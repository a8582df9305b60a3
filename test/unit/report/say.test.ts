import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/model/finding.ts'
import { say } from '../../../src/report/say.ts'

const finding = (code: string, args: Finding['args'], at?: Finding['at']): Finding => ({
  code,
  severity: 'error',
  args,
  ...(at && { at }),
})

describe('a finding is said', () => {
  it('with its place before its sentence', () => {
    const said = say(
      finding('address-invalid', { text: '1.2.3', why: 'digits' }, { file: 'web.hbs', line: 4 }),
    )
    expect(said).toMatch(/^web\.hbs:4: "1\.2\.3" is not an address: an IPv4 address has four numbers/)
  })

  it('with a file alone where no line is known', () => {
    expect(say(finding('no-inventory', {}, { file: 'fleet.yml' }))).toMatch(
      /^fleet\.yml: There is no inventory/,
    )
  })

  it('with another place for a journal, where it is not begun yet', () => {
    const said = (isBegun: boolean) => say(finding('journal-unwritable', { reason: 'ENOSPC', isBegun }))
    expect(said(false)).toMatch(/--journal FOLDER/)
    expect(said(true)).not.toMatch(/--journal/)
  })

  it('with the words that undo a refusal, as they are typed', () => {
    const covers = [
      '192.0.2.0/26 resolver 192.0.2.53',
      '198.51.100.1 own 198.51.100.1',
      '192.0.0.0/8 resolver 192.0.2.53',
    ]
    const said = (named: readonly string[]) =>
      say(finding('block-refused', { why: 'protected', covers: named }))
    expect(said(covers)).toMatch(/block it again with --even-so 192\.0\.2\.53 --even-so 198\.51\.100\.1$/)
    expect(said([...covers, '127.0.0.1 loopback 127.0.0.0/8'])).toMatch(
      /192\.0\.0\.0\/8 covers 192\.0\.2\.53 \([^;]*; and 1 more\. .* --even-so 127\.0\.0\.0\/8$/,
    )
  })

  it('by its code and data where there is no sentence', () => {
    expect(say(finding('from-the-future', { a: 1 }))).toBe('from-the-future {"a":1}')
    expect(say(finding('constructor', {}))).toBe('constructor {}')
  })

  it('without failing where the data lacks what the sentence needs', () => {
    expect(say(finding('unmanaged-first', {}))).toContain("that fleet didn't make")
  })

  it('without escape sequences that a terminal would obey', () => {
    const said = say(finding('not-persisted', { detail: 'a\u001b[2Jb\rc\u202ed' }))
    expect(said).toContain('a\\x1b[2Jb\\x0dc\\x202ed')
  })

  it('with several lines kept apart', () => {
    expect(say(finding('candidate-does-not-load', { part: '4', detail: 'one\ntwo' }))).toContain('one\ntwo')
  })
})
