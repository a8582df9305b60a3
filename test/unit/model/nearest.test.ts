import { expect, it } from 'vitest'
import { nearest } from '../../../src/model/nearest.ts'

it.each([
  ['htp_from', 'http_from'],
  ['http_form', 'http_from'],
  ['htttp_frm', 'http_from'],
  ['HTTP_FROM', 'http_from'],
  ['wbe', 'web'],
  ['dbb', 'db'],
])('finds that %s was meant as %s', (name, meant) => {
  expect(nearest(name, ['ftp', 'http_from', 'web', 'db'])).toBe(meant)
})

it('takes the closest, of equals one that begins alike, and the first', () => {
  expect(nearest('ports', ['portal', 'port', 'sorts'])).toBe('port')
  expect(nearest('htp', ['ftp', 'http'])).toBe('http')
  expect(nearest('webb', ['webc', 'webd'])).toBe('webc')
})

it('finds nothing at three edits, nor at two in a short name', () => {
  expect(nearest('htp_frm', ['https_from'])).toBeUndefined()
  expect(nearest('abc', ['abd'])).toBe('abd')
  expect(nearest('abc', ['ade'])).toBeUndefined()
  expect(nearest('a', ['b'])).toBeUndefined()
})

it('never answers with the name itself', () => {
  expect(nearest('web', ['web'])).toBeUndefined()
})
