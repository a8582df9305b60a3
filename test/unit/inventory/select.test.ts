import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Inventory } from '../../../src/inventory/inventory.ts'
import { limitWithout, selectHosts, selectSince } from '../../../src/inventory/select.ts'
import { makeFolder, read } from './folder.ts'

let inventory: Inventory
const names = (limit?: string) => selectHosts(inventory, limit).map(({ name }) => name)

beforeAll(async () => {
  const text = '[web]\nweb1\nweb2\nweb3\n[db]\ndb1\nweb1\n[empty]\n[v6]\n2001:db8::1\n'
  inventory = (await read({ 'inventory.ini': text })).inventory
})

describe('selectHosts', () => {
  it('takes all hosts without a limit', () => {
    expect(names()).toEqual(['web1', 'web2', 'web3', 'db1', '2001:db8::1'])
  })

  it.each([
    ['db:web', ['web1', 'web2', 'web3', 'db1']],
    ['web:&db', ['web1']],
    ['!db:web', ['web2', 'web3']],
    ['web[1:]', ['web2', 'web3']],
    ['web[-1]', ['web3']],
    ['~w.*[12]', ['web1', 'web2']],
    ['2001:db8::1', ['2001:db8::1']],
    ['!2001:db8::1', ['web1', 'web2', 'web3', 'db1']],
    ['web:!empty', ['web1', 'web2', 'web3']],
  ])('%s', (limit, expected) => {
    expect(names(limit)).toEqual(expected)
  })

  it.each([
    ['all', ['web2', 'web3', 'db1']],
    ['db:web', ['web2', 'web3', 'db1']],
    ['web:!web3', ['web2']],
    ['web[0:1]', ['web2']],
    ['web2,db', ['web2', 'db1']],
  ])('%s without some', (limit, expected) => {
    expect(names(limitWithout(inventory, limit, ['web1', '2001:db8::1']))).toEqual(expected)
  })

  it.each([
    ['web,!gone', ['web1', 'web2', 'web3']],
    ['web:!db:!gone', ['web2', 'web3']],
    ['!gone', ['web1', 'web2', 'web3', 'db1', '2001:db8::1']],
    ['!gone:!web', ['db1', '2001:db8::1']],
  ])('%s still means others where whom it leaves out is gone', (limit, expected) => {
    expect(selectSince(inventory, limit).map(({ name }) => name)).toEqual(expected)
  })

  it.each(['gone,!web1', 'web:&gone', 'web,!web', 'web,!~(', ' '])('%j means nobody', limit => {
    expect(() => selectSince(inventory, limit)).toThrow(/limit-/)
  })

  it('reads terms from a file, one a line', () => {
    const file = join(makeFolder({}), 'limit')
    writeFileSync(file, 'web2\n\n db1 \n')
    expect(names(`@${file}`)).toEqual(['web2', 'db1'])
    expect(names(`@${file},!db`)).toEqual(['web2'])
  })

  it.each([
    ['wbe', 'nothing', 'web'],
    ['web:!dbb', 'nothing', 'db'],
    ['web:&webb1', 'nothing', 'web1'],
    ['web[5]', 'index', null],
    ['web[-4]', 'index', null],
    ['web[5:6]', 'index', null],
    ['web[2:1]', 'index', null],
    ['web[0-1]', 'dash', null],
    ['web[1', 'brackets', null],
    ['~(web', 'regex', null],
    ['nothing*', 'nothing', null],
    ['db[12]', 'index', null],
  ])('refuses %s', (limit, why, nearest) => {
    const args = { why, term: limit.replace(/^web:/, ''), nearest }
    expect(() => names(limit)).toThrow(expect.objectContaining({ code: 'limit-term', args }))
  })

  it('refuses a limit that leaves nobody', () => {
    expect(() => names('v6:&web')).toThrow(expect.objectContaining({ code: 'limit-empty' }))
    expect(() => names('empty')).toThrow(expect.objectContaining({ code: 'limit-empty' }))
    expect(() => names('')).toThrow(expect.objectContaining({ code: 'limit-empty' }))
    expect(() => names('@/nowhere')).toThrow(expect.objectContaining({ code: 'limit-file' }))
  })
})
