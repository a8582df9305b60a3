import { describe, expect, it } from 'vitest'
import { quote, rootCommand } from '../../../src/session/quote.ts'

const root = (changes = {}) => rootCommand({ user: 'admin', become: true, ...changes }, 'id', ['a'], 'abc')

describe('a command for root', () => {
  it('runs as it is for root, and where nobody is to become root', () => {
    expect(root({ user: 'root' }).command).not.toContain('sudo')
    expect(root({ become: false }).command).not.toContain('sudo')
  })

  it('never asks where no password is given', () => {
    const { command, prompt } = root()
    expect(command).toContain('exec sudo -n -- ')
    expect(prompt).toBeUndefined()
  })

  it('asks with a word of its own for a password, which is not in it', () => {
    const { command, prompt } = root({ becomePassword: 'secret' })
    expect(command).toContain(`sudo -S -p ${prompt} -- `)
    expect(command).not.toContain('secret')
  })
})

it.each(['a\nb', 'a\rb', 'a\0b', '\u001b[0m', '\u0085'])('refuses what no quoting carries: %j', word => {
  expect(() => quote(word)).toThrow('quote-unsupported')
})
