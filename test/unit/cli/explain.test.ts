import { expect, it, vi } from 'vitest'
import { explain } from '../../../src/cli/explain.ts'
import { FleetErrors } from '../../../src/model/error.ts'
import type { Finding, Severity } from '../../../src/model/finding.ts'

const finding = (severity: Severity, line: number): Finding => ({
  code: 'vars-duplicate-key',
  severity,
  args: {},
  at: { file: 'group_vars/web.yml', line },
})

it('tells errors from the warnings among them', () => {
  const said: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation(text => said.push(String(text)) > 0)
  const code = explain(new FleetErrors([finding('warning', 1), finding('error', 2)]))
  write.mockRestore()
  expect(code).toBe(1)
  expect(said.map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'warning: group_vars/web.yml:1:',
    'group_vars/web.yml:2: This',
  ])
})
