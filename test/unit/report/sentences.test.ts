import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TABLES } from '../../../src/report/say.ts'

/** All of src but the report, comments taken out. */
const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts') && !path.startsWith('report/'))
  .map(path => ({
    path,
    text: readFileSync(join('src', path), 'utf8').replaceAll(/^\s*(\/?\*|\/\/).*$/gm, ''),
  }))

const CODE = "'([a-z][a-z0-9]*(?:-[a-z0-9]+)*)'"
/** Where a code is written: an error, a finding, or a function that makes one of them. */
const USES = [
  new RegExp(`\\bnew FleetError\\(\\s*${CODE}`, 'g'),
  new RegExp(`\\b(?:fault|refuse|refusal|refused|problem|finding|warn|warning|note)\\(\\s*${CODE}`, 'g'),
  new RegExp(`\\bcode: ${CODE}`, 'g'),
  new RegExp(`\\b(?:const )?code(?: =|:) [^'\\n]*\\? ${CODE}`, 'g'),
  new RegExp(`\\b(?:const )?code(?: =|:) [^'\\n]*\\? '[a-z-]+' : ${CODE}`, 'g'),
]

const used = SOURCES.flatMap(({ path, text }) =>
  USES.flatMap(pattern => [...text.matchAll(pattern)].map(match => ({ path, code: match[1] ?? '' }))),
)
const said = Object.values(TABLES).flatMap(table => Object.keys(table))

describe('the sentences', () => {
  it('are there for every code', () => {
    const missing = used
      .filter(({ code }) => !said.includes(code))
      .map(({ path, code }) => `${path}: ${code}`)
    expect(missing).toEqual([])
    expect(used.length).toBeGreaterThan(40)
  })

  it('are all used', () => {
    const all = SOURCES.map(({ text }) => text).join('\n')
    const made = [...all.matchAll(/`\$\{\w+\}(-[a-z-]+)`/g)].map(([, end]) => end ?? '')
    const isUsed = (code: string) => all.includes(`'${code}'`) || made.some(end => code.endsWith(end))
    expect(said.filter(code => !isUsed(code))).toEqual([])
  })

  it('belong to one room each', () => {
    expect(said.filter((code, at) => said.indexOf(code) !== at)).toEqual([])
  })

  it('are all collected', () => {
    const rooms = readdirSync('src/report/sentences').map(name => name.replace(/\.ts$/, ''))
    expect(rooms.filter(room => room !== 'sentence').sort()).toEqual(Object.keys(TABLES).sort())
  })
})
