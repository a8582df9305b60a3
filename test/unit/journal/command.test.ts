import { describe, expect, it } from 'vitest'
import { describeCommand } from '../../../src/journal/command.ts'

describe('a command line in the journal', () => {
  it.each([
    [['apply', '-i', 'inventory.ini', '-l', 'web*'], 'apply -i inventory.ini -l web*'],
    [['apply', '-l', 'web:!db', ''], "apply -l 'web:!db' ''"],
    [['apply', '-l', "it's"], String.raw`apply -l 'it'\''s'`],
    [['apply', '-e', 'ansible_become_password=geheim', '-C'], 'apply -e *** -C'],
    [['apply', '-eansible_become_password=geheim'], 'apply -e***'],
    [['apply', '-e=a=geheim'], 'apply -e=***'],
    [['apply', '-bKe', '{"a": "geheim"}'], 'apply -bKe ***'],
    [['apply', '--extra-vars', 'a=geheim', '-e', 'b=geheim'], 'apply --extra-vars *** -e ***'],
    [['apply', '--extra-vars=a=geheim\nx'], 'apply --extra-vars=***'],
    [['apply', '--e', 'a=geheim', '--e=b=geheim'], 'apply --e *** --e=***'],
    [['apply', '-e', '@vars.yml'], 'apply -e @vars.yml'],
    [['apply', '-ionce.ini', '-ueve', '--help'], 'apply -ionce.ini -ueve --help'],
  ])('%j', (words, described) => {
    expect(describeCommand(words)).toBe(described)
  })
})
