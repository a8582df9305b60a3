import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/* Docs that name tests as their proof must not outlive them. */

const tests = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter(path =>
  path.endsWith('.test.ts'),
)
const names = new Set(tests.flatMap(path => [path, path.split('/').at(-1) ?? '']))

const read = (file: string) => readFileSync(`docs/${file}`, 'utf8')

describe('docs', () => {
  it.each(['guard.md', 'guard-model.md', 'faults.md', 'rollout.md', 'peers.md', 'blocking.md'])(
    '%s names tests that are there',
    file => {
      const named = [...read(file).matchAll(/`([\w./-]+\.test\.ts)`/g)].map(match => match[1] ?? '')
      const missing = named.filter(
        name => ![...names].some(path => path === name || path.endsWith(`/${name}`)),
      )
      expect(missing).toEqual([])
    },
  )

  it('rollout.md names what its tests are called', () => {
    const proofs = [...read('rollout.md').matchAll(/`([\w./-]+\.test\.ts)` \("([^"]+)"\)/g)]
    expect(proofs.length).toBeGreaterThan(10)
    const isThere = (name: string, title: string) =>
      tests.some(
        path => `/${path}`.endsWith(`/${name}`) && readFileSync(`test/${path}`, 'utf8').includes(title),
      )
    expect(proofs.filter(([, name = '', title = '']) => !isThere(name, title)).map(([text]) => text)).toEqual(
      [],
    )
  })

  it('faults.md leads from every fault to its files, and leaves none out', () => {
    const rows = read('faults.md')
      .split('\n')
      .filter(line => /^\| \d+\./.test(line))
    expect(rows).toHaveLength(17)
    const named = rows.flatMap(row =>
      [...(row.split('|')[2] ?? '').matchAll(/`([\w/-]+)`/g)].map(match => match[1] ?? ''),
    )
    const paths = named.map(name => `${name.startsWith('test/') ? '' : 'test/faults/'}${name}.test.ts`)
    expect(paths.filter(path => !existsSync(path))).toEqual([])
    const files = tests.filter(path => path.startsWith('faults/')).map(path => `test/${path}`)
    expect(files.filter(path => !paths.includes(path))).toEqual([])
  })
})
